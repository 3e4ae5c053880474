/* Passkeys (WebAuthn): the browser's answer goes into the form's `credential` field as JSON, and the form is sent.

   <form data-passkey="create|get|sign-in" data-options="id of a JSON script" or data-options-url="address">.
   A form that is `hidden` appears where passkeys are possible. */
(() => {
  "use strict";

  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = list => list?.map(item => ({ ...item, id: bytes(item.id) }));

  /* Browsers give buffers, servers take base64url: the JSON of WebAuthn level 3, for browsers without toJSON too. */
  const answer = credential => {
    const { response } = credential;
    const shown = { clientDataJSON: text(response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (response[part]) shown[part] = text(response[part]);
    if (response.getTransports) shown.transports = response.getTransports();
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      response: shown,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  };

  const options = async form => {
    if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent).publicKey;
    const reply = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(`${reply.status}`);
    return (await reply.json()).request_options.publicKey;
  };

  const create = (form, publicKey) => {
    const alone = form.elements.passwordless?.checked;
    const selection = { ...publicKey.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: !!alone };
    if (alone) selection.userVerification = "required";
    return navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: named(publicKey.excludeCredentials),
        authenticatorSelection: selection,
      },
    });
  };

  const get = (form, publicKey) => navigator.credentials.get({
    publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) },
  });

  const say = (form, what) => form.querySelectorAll("[data-passkey-said]").forEach(said => { said.hidden = said.dataset.passkeySaid !== what; });

  // Browsers bind a passkey to a name over https, or to localhost; a bare number has none.
  const possible = window.PublicKeyCredential && isSecureContext && !/^[\d.]+$|:/.test(location.hostname);

  document.querySelectorAll("form[data-passkey]").forEach(form => {
    if (possible) form.hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      if (!possible) return say(form, "address");
      say(form, "");
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      try {
        const publicKey = await options(form);
        const credential = await (form.dataset.passkey === "create" ? create : get)(form, publicKey);
        form.elements.credential.value = JSON.stringify(answer(credential));
        form.submit();
      } catch {
        button.disabled = false;
        say(form, "failed");
      }
    });
  });
})();
