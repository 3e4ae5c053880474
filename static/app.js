/* Makes quicker what also works without it. Pages hold no script: attributes say what is wanted, docs/design.md lists them. */
(() => {
  "use strict";

  const doc = document;
  const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled, [type=hidden]), select:not(:disabled), textarea:not(:disabled), summary, [tabindex='0']";
  const find = (selector, root = doc) => root.querySelector(selector);
  const all = (selector, root = doc) => [...root.querySelectorAll(selector)];
  const on = (types, act, options) => types.split(" ").forEach(type => doc.addEventListener(type, act, options));
  const near = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;
  const visible = element => element.checkVisibility ? element.checkVisibility({ visibilityProperty: true }) : element.offsetParent !== null;
  const modal = () => all("dialog[open]").pop();
  const make = (tag, attributes) => {
    const element = doc.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
    return element;
  };
  const later = (act, wait) => {
    let timer;
    return (...values) => { clearTimeout(timer); timer = setTimeout(act, wait, ...values); };
  };

  /* A page at work asks again while somebody can see it: htmx tells the element each time by an event of this name. */
  on("every", event => { if (doc.hidden) event.stopImmediatePropagation(); }, true);

  /* Dialogs and whatever else opens and closes */
  const open = dialog => {
    if (!dialog || dialog.open) return;
    dialog.showModal();
    // A form wants to be filled in: its first field, not the cross.
    if (!find("[autofocus]", dialog)) all(".body :is(input, select, textarea)", dialog).find(visible)?.focus();
  };

  on("click", event => {
    const opener = near(event, "[data-dialog]");
    const dialog = opener && doc.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      opener.closest("[popover]")?.hidePopover();
      if (dialog.id === "keys") listKeys(dialog);
      open(dialog);
    }
    const closer = near(event, "[data-close]");
    if (closer) {
      const toast = closer.closest(".toast");
      if (toast) {
        const next = find(".toast [data-close]", toast.parentElement) !== closer ? find(".toast [data-close]") : toast.nextElementSibling?.querySelector("[data-close]");
        toast.remove();
        (next || doc.getElementById("main"))?.focus({ preventScroll: true });
      } else closer.closest("[popover]")?.hidePopover?.() ?? closer.closest("dialog")?.close();
    }
    // Browsers without closedby: a click on the backdrop lands on the dialog itself.
    if (event.target instanceof HTMLDialogElement && event.target.hasAttribute("closedby") && !("closedBy" in event.target)) event.target.close();
  });

  // Browsers without anchor positioning: put a menu below its button by hand.
  on("toggle", event => {
    const menu = event.target;
    if (!menu.matches?.(".menu") || event.newState !== "open" || CSS.supports("position-area", "block-end")) return;
    const button = find(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
    if (!button) return;
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = button.bottom + height + 8 < innerHeight && !menu.matches(".up");
    menu.style.top = `${Math.max(8, below ? button.bottom : button.top - height - 12)}px`;
    menu.style.left = `${Math.max(8, Math.min(menu.matches(".end") ? button.right - width : button.left, innerWidth - width - 8))}px`;
  }, true);

  const toast = said => {
    const template = doc.getElementById("toast-template");
    const region = find(".toasts");
    if (!template || !region) return;
    const shown = template.content.firstElementChild.cloneNode(true);
    find("p", shown).textContent = template.dataset[said];
    region.append(shown);
  };

  /* Keyboard */
  const typing = element => element?.closest?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file]), textarea, select, [contenteditable]");
  // Of a list's rows the one in focus answers first, then the one that is shown beside them.
  const currentRow = () => doc.activeElement?.closest("[data-rows] [data-row]") || find("[data-rows] [data-row][aria-current]");
  const keyed = key => {
    const row = !modal() && currentRow();
    return [...row ? all("[data-key]", row) : [], ...all("[data-key]", modal() || doc)].find(element => element.dataset.key.toLowerCase() === key && visible(element) && !element.disabled);
  };
  const name = element => element.dataset.keyLabel || element.getAttribute("aria-label") || (element.labels?.[0] || element).innerText.trim();

  const move = step => {
    const rows = all("[data-rows] [data-row]").filter(visible);
    const here = rows.indexOf(currentRow());
    const row = rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step))];
    const link = row && (find(".row-link", row) || find(FOCUSABLE, row));
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
    return Boolean(link);
  };

  const listKeys = dialog => {
    const list = find("[data-page-keys]", dialog);
    const listed = new Set();
    const rows = all("[data-key]").filter(element => !dialog.contains(element) && visible(element) && !listed.has(element.dataset.key) && listed.add(element.dataset.key)).map(element => {
      const row = make("div", {});
      row.append(make("span", {}), make("kbd", {}));
      row.firstChild.textContent = name(element).replace(new RegExp(`\\s+${element.dataset.key}$`, "i"), "");
      row.lastChild.textContent = element.dataset.key.toUpperCase();
      return row;
    });
    list?.replaceChildren(...rows);
  };

  on("keydown", event => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = event.key.toLowerCase();
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && !event.shiftKey && key === "k") {
      if (openPalette()) event.preventDefault();
      return;
    }
    if (control && key === "enter") {
      const form = doc.activeElement?.closest("form") || find("form[data-main]", modal() || doc);
      if (form && !form.matches(".palette form")) {
        event.preventDefault();
        form.requestSubmit();
      }
      return;
    }
    if (key === "escape") {
      const cancel = near(event, "[data-inline-edit]")?.querySelector("[data-cancel]");
      if (cancel) { event.preventDefault(); cancel.click(); }
      return;
    }
    if (control || event.altKey || doc.body.dataset.shortcuts !== "on" || typing(event.target)) return;
    if (!modal()) {
      if (key === "/" && !keyed("/") && openPalette()) return event.preventDefault();
      if (key === "?" && doc.getElementById("keys")) {
        listKeys(doc.getElementById("keys"));
        open(doc.getElementById("keys"));
        return event.preventDefault();
      }
      if ((key === "j" || key === "k") && move(key === "j" ? 1 : -1)) return event.preventDefault();
      const box = key === "x" && find("input[type=checkbox][name=guest]", doc.activeElement?.closest("[data-row]") || make("i", {}));
      if (box) return event.preventDefault(), box.click();
    }
    const element = keyed(key);
    if (!element) return;
    event.preventDefault();
    if (element.matches("input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select")) element.focus();
    else element.click();
  });

  // Arrow keys walk through an open menu.
  on("keydown", event => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const opener = near(event, "[popovertarget]");
    const menu = near(event, ".menu") || (opener && doc.getElementById(opener.getAttribute("popovertarget")));
    if (!menu?.matches(".menu:popover-open") || typing(event.target)) return;
    const items = all(FOCUSABLE, menu).filter(visible);
    const here = items.indexOf(doc.activeElement);
    event.preventDefault();
    items[(here + (event.key === "ArrowDown" ? 1 : here < 0 ? 0 : items.length - 1)) % items.length]?.focus();
  });

  /* Forms: sent once, by themselves, with parts that depend on an answer */
  const busy = (form, button) => {
    form.dataset.busy = "";
    if (!button) return;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  };
  const release = form => {
    delete form.dataset.busy;
    all("[aria-busy=true]", form).concat(all(`[form="${form.id}"][aria-busy=true]`)).forEach(button => {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    });
  };
  on("submit", event => {
    const form = event.target;
    if ("busy" in form.dataset) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (form.method !== "post") return;
    const button = event.submitter || find("button[type=submit], button:not([type])", form);
    // After the browser or htmx has read the fields: a disabled button's own value would be left out.
    setTimeout(() => {
      if (event.defaultPrevented && !form.matches("[hx-post], [data-htmx-powered]")) return;
      busy(form, button);
      // A download leaves the page where it is.
      if ("download" in form.dataset || "download" in (button?.dataset ?? {})) setTimeout(release, 3000, form);
    });
  }, true);
  on("htmx:finally:request", event => {
    const form = event.detail.ctx?.sourceElement?.closest?.("form");
    if (form) release(form);
  });
  addEventListener("pageshow", event => { if (event.persisted) all("[data-busy]").forEach(release); });

  // A link to a page whose form also stands here, folded away.
  on("click", event => {
    if (near(event, "[data-print]")) globalThis.print();
    const opener = near(event, "[data-opens]");
    const form = opener && doc.getElementById(opener.dataset.opens);
    if (!form || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    form.hidden = !form.hidden;
    if (!form.hidden) all(FOCUSABLE, form).find(visible)?.focus();
    else opener.focus();
  });
  on("keydown", event => {
    const form = event.key === "Escape" && !event.defaultPrevented && near(event, "form[data-folds]");
    if (!form || find("[aria-expanded=true]", form)) return;
    form.hidden = true;
    find(`[data-opens="${form.id}"]`)?.focus();
  });

  on("change", event => {
    if (event.target.matches?.("[data-autosubmit]")) event.target.form?.requestSubmit();
    // Another operator asks for other inputs.
    if (event.target.matches?.("[data-renew]")) find("[data-again]", event.target.form)?.click();
  });

  const reveal = form => all("[data-reveal]", form).forEach(part => {
    const [field, value] = part.dataset.reveal.split("=");
    part.hidden = !value.split("|").includes(new FormData(form).get(field));
  });
  on("change", event => { if (event.target.form) reveal(event.target.form); });

  on("click", event => {
    const preset = near(event, "[data-days]");
    if (!preset) return;
    const [from, until] = all("input[type=date]", preset.closest("[data-date-range]"));
    const iso = date => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
    const today = new Date();
    const days = preset.dataset.days;
    const start = days === "year" ? new Date(today.getFullYear(), 0, 1) : new Date(today.getFullYear(), today.getMonth(), today.getDate() - Number(days));
    from.value = days ? iso(start) : "";
    until.value = days ? iso(today) : "";
    until.dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* A list with one of its rows shown beside it; where there is no room for that, its links lead to a page */
  const beside = () => all("[data-preview]").find(visible);
  const showBeside = link => {
    const row = link.closest("[data-row]");
    all("[data-previews] [data-row][aria-current]").forEach(one => one.removeAttribute("aria-current"));
    row.setAttribute("aria-current", "true");
    globalThis.htmx?.trigger(link, "preview", {}, false);
  };
  const showSoon = later(link => { if (link === doc.activeElement && !link.closest("[aria-current]") && beside()) showBeside(link); }, 60);
  on("focusin", event => {
    const link = near(event, "[data-previews] .row-link");
    if (link) showSoon(link);
  });
  on("click", event => {
    const link = near(event, "[data-previews] .row-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !beside()) return;
    event.preventDefault();
    showBeside(link);
  });

  // Values of several cards beside each other: the number of a line takes its next one.
  on("click", event => {
    const line = near(event, "[data-cycle]")?.closest("[data-line]");
    if (!line) return;
    const choices = all("input[type=radio]", line);
    const next = choices[(choices.findIndex(one => one.checked) + 1) % choices.length];
    next.click();
    next.focus();
  });

  /* Rows chosen for a bulk action */
  const boxes = form => all("input[type=checkbox][name=guest]", form);
  const count = form => {
    const chosen = boxes(form).filter(box => box.checked).length;
    const total = boxes(form).length;
    const bar = find("[data-bulk-bar]", form);
    const every = find("[data-bulk-toggle]", form);
    const whole = find("[data-bulk-all]", form);
    if (every) {
      every.checked = total > 0 && chosen === total;
      every.indeterminate = chosen > 0 && chosen < total;
    }
    if (!bar) return;
    bar.hidden = !chosen;
    const said = find("[data-bulk-count]", bar);
    said.textContent = chosen === 1 ? said.dataset.one : said.dataset.many.replace("#", chosen);
    if (whole) {
      whole.hidden = chosen < total;
      if (whole.hidden) find("input", whole).checked = false;
    }
    find("[data-bulk-clear]", bar).hidden = false;
  };
  let last = null;
  on("click", event => {
    const form = near(event, "form[data-bulk]");
    if (!form) return;
    const box = near(event, "input[type=checkbox][name=guest]");
    if (box && event.shiftKey && last?.isConnected) {
      const list = boxes(form);
      const [a, b] = [list.indexOf(last), list.indexOf(box)].sort((one, two) => one - two);
      list.slice(a, b + 1).forEach(one => { one.checked = box.checked; });
    }
    if (box) last = box;
    if (near(event, "[data-bulk-toggle]")) boxes(form).forEach(one => { one.checked = event.target.checked; });
    if (near(event, "[data-bulk-clear]")) {
      boxes(form).forEach(one => { one.checked = false; });
      (find("[data-bulk-toggle]", form) || boxes(form)[0])?.focus();
    }
    if (box || near(event, "[data-bulk-toggle], [data-bulk-clear]")) count(form);
  });

  /* A list of options walked with the arrow keys while the field keeps the focus (ARIA combobox) */
  const options = list => list ? all("[role=option]", list) : [];
  const active = list => options(list).find(option => option.getAttribute("aria-selected") === "true");
  const choose = (input, list, option) => {
    options(list).forEach((one, index) => {
      one.id ||= `${list.id || "list"}-${index}`;
      one.setAttribute("aria-selected", String(one === option));
    });
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const walk = (input, list, key) => {
    const items = options(list);
    if (!items.length) return;
    const here = items.indexOf(active(list));
    const next = { ArrowDown: here + 1, ArrowUp: here < 0 ? items.length - 1 : here - 1, PageDown: Math.min(here + 5, items.length - 1), PageUp: Math.max(here - 5, 0) }[key];
    choose(input, list, items[(next + items.length) % items.length]);
  };

  /* Palette */
  let answered = null; // the text the shown results answer
  let entered = false; // Enter came before its results did
  const palette = () => doc.getElementById("palette");
  const field = () => find("input[role=combobox]", palette());
  const results = () => find("[role=listbox]", palette());
  const now = () => globalThis.htmx?.trigger(field(), "palette:now", {}, false);

  function openPalette(text = "") {
    const dialog = palette();
    if (!dialog || modal()) return Boolean(dialog?.open);
    find("[popover]:popover-open")?.hidePopover();
    entered = false;
    open(dialog);
    field().value = text;
    field().focus();
    if (answered !== text) now();
    return true;
  }
  const goTo = option => {
    if (!option) return find("form", palette()).submit();
    palette().close();
    option.click();
  };

  on("click", event => {
    const opener = near(event, "[data-palette]");
    if (opener && !event.ctrlKey && !event.metaKey && openPalette()) event.preventDefault();
    if (near(event, "#palette [role=option]") && !event.ctrlKey && !event.metaKey) palette().close();
  });
  on("keydown", event => {
    if (event.target.matches?.("input[data-palette]")) {
      const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
      if ((letter || event.key === "ArrowDown") && openPalette(letter ? event.key : "")) event.preventDefault();
      return;
    }
    if (!palette()?.open || event.target !== field()) return;
    if (["ArrowDown", "ArrowUp", "PageDown", "PageUp"].includes(event.key)) {
      event.preventDefault();
      walk(field(), results(), event.key);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const chosen = active(results());
      if (answered !== field().value) {
        entered = true;
        now();
      } else if (chosen && (event.ctrlKey || event.metaKey)) globalThis.open(chosen.href, "_blank", "noopener");
      else goTo(chosen || options(results())[0]);
    }
  });
  on("input", event => { if (palette() && event.target === field()) entered = false; });
  // Opened before htmx was ready: ask now what could not be asked then.
  on("htmx:after:process", event => {
    if (event.target === doc.body && palette()?.open && answered !== field().value) now();
  });
  on("close", event => {
    if (event.target.id !== "palette") return;
    entered = false;
    field().value = "";
    choose(field(), results(), null);
  }, true);
  on("htmx:config:request", event => {
    const { ctx } = event.detail;
    if (palette() && ctx.sourceElement === field()) ctx.asked = field().value;
  });
  on("htmx:after:swap", event => {
    const { ctx } = event.detail;
    if (ctx?.asked === undefined || !palette()) return;
    answered = ctx.asked;
    const list = results();
    const found = options(list);
    const input = field();
    if (list) {
      list.id ||= "palette-list";
      input.setAttribute("aria-controls", list.id);
    }
    input.setAttribute("aria-expanded", String(found.length > 0));
    const said = find("[data-palette-said]", palette());
    if (said) said.textContent = found.length ? "" : said.dataset.none;
    choose(input, list, found[0]);
    if (entered && input.value === answered && palette().open) goTo(found[0]);
  });

  /* Combobox: a select one can type in, or a field the server answers */
  const fold = text => text.toLowerCase().replace(/æ/g, "ae").replace(/[øö]/g, "o").replace(/å/g, "a").normalize("NFD").replace(/\p{M}/gu, "");
  const enhance = box => {
    if (box.dataset.ready) return;
    box.dataset.ready = "true";
    const select = find("select", box);
    let input = find("input[role=combobox]", box);
    let list = find("[role=listbox]", box);
    const hidden = find("input[type=hidden]", box);
    if (select) {
      input = make("input", { type: "text", role: "combobox", id: select.id, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${select.id}_list`, autocomplete: "off", dir: "auto", "aria-describedby": select.getAttribute("aria-describedby"), "aria-invalid": select.getAttribute("aria-invalid"), placeholder: select.options[0]?.value === "" ? select.options[0].textContent.trim() : null });
      list = make("div", { class: "listbox", role: "listbox", id: `${select.id}_list`, "aria-label": select.labels?.[0]?.firstChild.textContent.trim() || "", hidden: "" });
      input.required = select.required;
      input.disabled = select.disabled;
      select.required = false;
      select.id += "_select";
      const focused = doc.activeElement === select;
      if (select.autofocus) input.autofocus = true;
      select.hidden = true;
      box.classList.add("combobox");
      box.append(input, list);
      if (focused) input.focus();
    }
    const chosenText = () => select ? select.value && select.selectedOptions[0].textContent.trim() : input.dataset.text ?? "";
    input.dataset.text = input.value;
    if (select) input.value = chosenText();
    const show = shown => {
      list.hidden = !shown;
      input.setAttribute("aria-expanded", String(shown));
      if (!shown) input.removeAttribute("aria-activedescendant");
    };
    const offer = (entries, stand) => {
      if (!entries.length) {
        const none = make("div", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" });
        none.textContent = box.dataset.none;
        list.replaceChildren(none);
      } else if (!stand) list.replaceChildren(...entries);
      show(true);
      choose(input, list, options(list).find(option => !option.hasAttribute("aria-disabled")));
    };
    let asked = null;
    let answered = null; // the text that the options answer
    let entered = false; // Enter came before they did
    const ask = async query => {
      if (select) {
        const sought = fold(query);
        let group = null;
        return offer([...select.options].filter(option => option.value && fold(option.textContent).includes(sought)).reduce((entries, option) => {
          const entry = make("div", { role: "option", "data-value": option.value, "aria-selected": "false" });
          entry.append(make("bdi", {}));
          entry.firstChild.textContent = option.textContent.trim();
          const label = option.parentElement.label;
          if (label && group?.getAttribute("aria-label") !== label) {
            group = make("div", { role: "group", "aria-label": label });
            group.append(make("div", { class: "label", "aria-hidden": "true" }));
            group.firstChild.textContent = label;
            entries.push(group);
          }
          label ? group.append(entry) : entries.push(entry);
          return entries;
        }, []));
      }
      asked?.abort();
      asked = new AbortController();
      try {
        const url = new URL(input.dataset.url, location.href);
        url.searchParams.set("q", query);
        const response = await fetch(url, { signal: asked.signal, headers: { "HX-Request": "true" } });
        if (!response.ok) return show(false);
        list.innerHTML = await response.text();
        answered = query;
        offer(options(list), true);
        if (entered && query === input.value) take(active(list));
      } catch (error) {
        if (error.name !== "AbortError") show(false);
      }
    };
    const soon = later(ask, 100);
    const take = option => {
      if (!option || option.hasAttribute("aria-disabled")) return;
      if (option.href) return option.click();
      const text = option.dataset.text || option.textContent.trim();
      const target = select || hidden;
      target.value = option.dataset.value;
      input.value = input.dataset.text = text;
      show(false);
      target.dispatchEvent(new Event("change", { bubbles: true }));
    };
    input.addEventListener("input", () => {
      entered = false;
      if (hidden && !input.value) hidden.value = input.dataset.text = "";
      select ? ask(input.value) : soon(input.value);
    });
    if (!select && !hidden) input.addEventListener("focus", () => { if (list.hidden) ask(input.value); });
    input.addEventListener("click", () => { if (list.hidden) select ? ask("") : soon(input.value); });
    input.addEventListener("keydown", event => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        list.hidden ? ask(select ? "" : input.value) : walk(input, list, event.key);
      } else if (event.key === "Enter" && !select && !hidden && !event.isComposing) {
        event.preventDefault();
        if (answered === input.value) return take(active(list));
        entered = true;
        ask(input.value);
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        take(active(list));
      } else if (event.key === "Escape" && !list.hidden && !list.closest(".finder")) { // of a finder it closes the dialog
        event.preventDefault();
        event.stopPropagation();
        if (select || hidden) input.value = chosenText();
        show(false);
      }
    });
    list.addEventListener("pointerdown", event => event.preventDefault());
    list.addEventListener("click", event => { if (!near(event, "a[href]")) take(near(event, "[role=option]")); });
    input.addEventListener("blur", () => {
      // Links stay to be clicked: hidden, they would take the place of what is clicked along.
      if (!list.hidden && (select || hidden)) show(false);
      const empty = select && !input.value && [...select.options].find(option => !option.value);
      if (empty) select.value = "";
      if (select || hidden) input.value = chosenText();
    });
  };

  /* htmx answers: a refusal is said, a redirect opens its page, focus is never lost */
  on("htmx:before:response", event => {
    const { ctx } = event.detail;
    const { raw } = ctx.response;
    if (!raw.redirected) return;
    const [here, there] = [location.pathname, new URL(raw.url).pathname].map(path => path.split("/").slice(0, 3).join("/"));
    if (here !== there) {
      // Most likely signed out: the page's own address brings the reader back after signing in.
      event.preventDefault();
      if (ctx.request.method === "GET") location.reload();
      else location.assign(raw.url);
      return;
    }
    Object.assign(ctx, { target: doc.body, swap: "outerSync", select: null, selectOOB: null, push: "true", opened: true });
  });
  // What is typed or chosen while a form is on the way is put into the form that comes back.
  const fields = form => [...form.elements].filter(field => (field.id || field.name) && !field.matches("button, [type=hidden], [type=file]"));
  const state = field => field.matches("[type=checkbox], [type=radio]") ? field.checked : field.value;
  on("htmx:config:request", event => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement?.closest?.("form[id][method=post]");
    if (form) ctx.sent = { form, before: new Map(fields(form).map(field => [field, state(field)])) };
  });
  const late = ({ form, before }) => fields(form).filter(field => before.has(field) && before.get(field) !== state(field))
    .map(field => ({ id: field.id, name: field.name, value: field.value, now: state(field) }));
  const again = (form, typed) => typed.forEach(({ id, name, value, now }) => {
    const field = fields(form).find(one => id ? one.id === id : one.name === name && (now === value || one.value === value));
    if (!field || state(field) === now) return;
    if (typeof now === "boolean") field.checked = now;
    else if (!field.matches("select") || [...field.options].some(option => option.value === now)) field.value = now;
    // Whoever was in the middle of choosing goes on choosing.
    if (field === doc.activeElement && field.matches("[role=combobox]")) field.dispatchEvent(new Event("input"));
  });
  const answers = new WeakMap(); // the answer that a swap belongs to: several may be under way at once
  on("htmx:before:swap", event => {
    const { ctx, tasks } = event.detail;
    const status = ctx.response?.status ?? 200;
    if (status >= 400 && status !== 422) {
      event.preventDefault();
      toast(status === 403 ? "refused" : status === 404 ? "gone" : "failed");
      return;
    }
    // The button that was pressed is disabled while its form is on the way, and has lost the focus by that.
    const sent = doc.activeElement === doc.body && ctx.sourceElement?.matches?.("form");
    if (ctx.sent?.form.isConnected) ctx.late = late(ctx.sent);
    ctx.held = sent || tasks.some(task => task.target instanceof Element && task.target.contains(doc.activeElement) && doc.activeElement !== doc.body);
    tasks.forEach(task => answers.set(task, ctx));
  });
  on("htmx:after:settle", event => {
    const ctx = answers.get(event.detail.task);
    if (ctx) ctx.settled = event.detail.task.target;
  });
  on("htmx:after:swap", event => {
    const { held, opened, settled, sent, late: typed } = event.detail.ctx ?? {};
    const redrawn = typed?.length && !opened && doc.getElementById(sent.form.id);
    if (redrawn) again(redrawn, typed);
    if (opened) scrollTo(0, 0);
    // What the answer itself asks for goes before what had the focus and came back under the same id.
    const asked = held && settled?.isConnected && all("[autofocus]", settled).find(visible);
    if (asked) {
      asked.focus();
      return;
    }
    if (!(held || opened) || (doc.activeElement && doc.activeElement !== doc.body)) return;
    const place = opened ? doc.getElementById("main") : settled;
    const first = selector => place && all(selector, place).find(visible);
    const target = opened
      ? first("form[method=post] [data-focus]") || place
      : first("[autofocus], [data-focus], [aria-invalid=true]") || first(".edit") || first(FOCUSABLE);
    (target || doc.getElementById("main"))?.focus({ preventScroll: !opened });
  });
  on("htmx:error", event => {
    const { error } = event.detail;
    if (error?.name === "TypeError" || error?.name === "TimeoutError" || error === "timeout") toast("offline");
  });

  /* What a page or a fragment needs once it stands */
  const ready = root => {
    all("[data-combobox]", root).forEach(enhance);
    all("form[data-bulk]", root).forEach(count);
    all("[data-again]", root).forEach(button => { button.hidden = true; });
    // On a narrow screen the current tab may stand out of sight.
    all(".tabs [aria-current]", root).forEach(tab => {
      const tabs = tab.closest(".tabs");
      tabs.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - tabs.getBoundingClientRect().right);
    });
    all("[data-date-range] .presets", root).forEach(presets => presets.classList.add("ready"));
    all("[data-reveal]", root).forEach(part => { if (part.closest("form")) reveal(part.closest("form")); });
    all("dialog[data-open]", root).forEach(dialog => { dialog.removeAttribute("data-open"); open(dialog); });
  };
  on("htmx:after:settle", event => event.detail.newContent.forEach(node => {
    // What was morphed into the page is left behind in pieces: then the page itself is looked through.
    if (node instanceof Element) ready(node.isConnected ? node.parentElement || node : doc.body);
  }));
  // A key that works while one types, for what a form proposes.
  on("keydown", event => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const proposed = find(`[data-alt-key="${event.code.replace("Key", "").toLowerCase()}"]`);
    if (!proposed || !visible(proposed)) return;
    event.preventDefault();
    proposed.click();
  });

  // Words nobody has saved: whoever leaves is asked. `data-unsaved="now"`: what stands there was not saved to begin with.
  const words = form => new URLSearchParams(new FormData(form)).toString();
  const unsaved = new Map();
  on("submit", event => unsaved.delete(event.target));
  addEventListener("beforeunload", event => {
    if ([...unsaved].some(([form, before]) => form.isConnected && words(form) !== before)) event.preventDefault();
  });
  addEventListener("pageshow", () => all("[data-unsaved]").forEach(form => unsaved.set(form, form.dataset.unsaved ? "" : words(form))), { once: true });

  ready(doc);
  find("form[method=post] [data-focus]")?.focus();
})();
