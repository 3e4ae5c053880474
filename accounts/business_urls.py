"""Addresses inside a business: members, settings, activity."""

from django.urls import path

from accounts.views import activity, businesses, keys, members

urlpatterns = [
    path("members/", members.member_list_page, name="member_list"),
    path("members/invite/", members.member_invite, name="member_invite"),
    path("members/leave/", members.member_leave, name="member_leave"),
    path("members/<int:member_id>/", members.member_edit, name="member_edit"),
    path("members/<int:member_id>/remove/", members.member_remove_page, name="member_remove"),
    path("members/invitations/<int:invitation_id>/resend/", members.invitation_resend, name="invitation_resend"),
    path("members/invitations/<int:invitation_id>/withdraw/", members.invitation_remove, name="invitation_withdraw"),
    path("settings/", businesses.business_settings, name="business_settings"),
    path("settings/properties/new/", businesses.property_new, name="property_new"),
    path("settings/properties/<int:property_id>/", businesses.property_edit, name="property_edit"),
    path("settings/keys/", keys.key_list_page, name="key_list"),
    path("settings/keys/new/", keys.key_new, name="key_new"),
    path("settings/keys/<int:key_id>/revoke/", keys.key_revoke_page, name="key_revoke"),
    path("activity/", activity.activity_log, name="activity_log"),
]
