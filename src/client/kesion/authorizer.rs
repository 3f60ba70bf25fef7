use crate::client::values::Members;
use crate::identity::{AuthorizerInfo, BusinessInfo, Confirmation, Permission};

/// Parses WeChat's response inside Kesion's. Its `authorizer_refresh_token` is not read.
pub(super) fn authorizer_info(members: Members<'_>) -> Option<AuthorizerInfo> {
    let (authorizer, authorization) = (
        members.object("authorizer_info"),
        members.object("authorization_info"),
    );
    if authorizer.is_none() && authorization.is_none() {
        return None;
    }
    let mut info = AuthorizerInfo::builder();
    if let Some(members) = authorizer {
        info = info
            .nick_name(members.text("nick_name"))
            .head_image(members.url("head_img"))
            .user_name(
                members
                    .identifier_or_number("user_name")
                    .unwrap_or_default(),
            )
            .alias(members.text("alias"))
            .qr_image(members.url("qrcode_url"))
            .principal_name(members.text("principal_name"))
            .signature(members.text("signature"));
        if let Some(id) = id_of(members, "service_type_info") {
            info = info.service_type_id(id);
        }
        if let Some(id) = id_of(members, "verify_type_info") {
            info = info.verify_type_id(id);
        }
        if let Some(business) = members.object("business_info") {
            info = info.business_info(business_info(business));
        }
        if let Some(idc) = members.whole_number("idc") {
            info = info.idc(idc);
        }
        if let Some(number) = members.whole_number("account_status") {
            info = info.state_number(number);
        }
    }
    if let Some(members) = authorization {
        info = info.app_id(
            members
                .identifier_or_number("authorizer_appid")
                .unwrap_or_default(),
        );
        for permission in members.objects("func_info").filter_map(permission) {
            info = info.permission(permission);
        }
    }
    Some(info.build())
}

fn id_of(members: Members<'_>, name: &'static str) -> Option<i64> {
    members.object(name)?.whole_number("id")
}

fn business_info(members: Members<'_>) -> BusinessInfo {
    let open = |name| members.flag(name).unwrap_or(false);
    BusinessInfo {
        open_pay: open("open_pay"),
        open_shake: open("open_shake"),
        open_scan: open("open_scan"),
        open_card: open("open_card"),
        open_store: open("open_store"),
    }
}

fn permission(members: Members<'_>) -> Option<Permission> {
    let Some(id) = id_of(members, "funcscope_category") else {
        return members.ignore(
            "funcscope_category",
            "the permission has no usable number and is left out",
        );
    };
    let permission = Permission::new(id);
    Some(match members.object("confirm_info") {
        Some(members) => permission.with_confirmation(confirmation(members)),
        None => permission,
    })
}

fn confirmation(members: Members<'_>) -> Confirmation {
    let is = |name| members.flag(name).unwrap_or(false);
    Confirmation {
        need_confirm: is("need_confirm"),
        already_confirm: is("already_confirm"),
        can_confirm: is("can_confirm"),
    }
}
