//! Variations and faults in the response formats of the binding service and of Kesion.

use super::*;

/// A good call of the binding service and one of Kesion, as text.
async fn answers(sandbox: &Sandbox) -> [Raw; 2] {
    let code = sandbox.issue_wechat_code("xiaohong").unwrap();
    let body = json!({ "appid": sandbox.app_id(), "code": code });
    let target = format!("{LOOKUP}?apptoken={}", sandbox.apptoken());
    [
        post(sandbox, OPEN_ID, &body).await.unwrap(),
        post(sandbox, &target, &json!({})).await.unwrap(),
    ]
}

async fn json_of(sandbox: &Sandbox) -> [Value; 2] {
    answers(sandbox).await.map(|it| it.json())
}

#[tokio::test]
async fn number_takes_every_form_under_its_own_name() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_kesion(KesionState::NotAuthorized);
    for (form, code, return_code) in [
        (ErrcodeForm::Integer, json!(2000), json!(3002)),
        (ErrcodeForm::String, json!("2000"), json!("3002")),
        (ErrcodeForm::Null, Value::Null, Value::Null),
        (ErrcodeForm::Boolean, json!(true), json!(true)),
        (ErrcodeForm::Padded, json!(" 2000"), json!(" 3002")),
        (ErrcodeForm::Array, json!([2000]), json!([3002])),
    ] {
        sandbox.variations().on(Variation::Errcode(form));
        let [binding, kesion] = json_of(&sandbox).await;
        assert_eq!(
            (&binding["code"], &kesion["returnCode"]),
            (&code, &return_code),
            "{form:?}"
        );
        assert_eq!(kesion["result"], false);
    }
    sandbox
        .variations()
        .on(Variation::Errcode(ErrcodeForm::Absent));
    let [binding, kesion] = json_of(&sandbox).await;
    assert_eq!(
        (binding.get("code"), kesion.get("returnCode")),
        (None, None)
    );
    sandbox.set_kesion(KesionState::Authorized);
    sandbox
        .variations()
        .on(Variation::Errcode(ErrcodeForm::String));
    let [_, kesion] = json_of(&sandbox).await;
    assert_eq!(
        (kesion.get("returnCode"), kesion.get("errcode")),
        (None, None),
        "there is none to take a form"
    );
    sandbox.variations().clear();
    sandbox
        .variations()
        .on(Variation::Errmsg(ErrmsgForm::UpperOk));
    let [binding, kesion] = json_of(&sandbox).await;
    assert_eq!(
        (&binding["msg"], &kesion["msg"]),
        (&json!("OK"), &json!("OK"))
    );
}

#[tokio::test]
async fn variations_apply_to_every_system() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.bind("xiaohong");
    for variation in [
        Variation::NumbersAsStrings,
        Variation::EscapedUnicode,
        Variation::EscapedSlashes,
        Variation::ByteOrderMark,
        Variation::UnknownFields,
        Variation::ContentType(ContentTypeForm::TextHtml),
    ] {
        sandbox.variations().on(variation);
    }
    for answer in answers(&sandbox).await {
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=UTF-8")
        );
        let text = String::from_utf8(answer.body).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap();
        assert!(text.is_ascii() && text.contains("z_added_in_2030"));
        let body: Value = serde_json::from_str(text).unwrap();
        if body.get("result").is_some() {
            assert_eq!(
                (&body["iswechatautologin"], &body["result"]),
                (&json!("0"), &json!(true))
            );
            assert!(
                text.contains(r"http:\/\/wx.sandbox.invalid") && text.contains(r"\u793a\u4f8b")
            );
        } else {
            assert_eq!(
                (&body["code"], &body["data"]["expire"]),
                (&json!(0), &json!("604800"))
            );
        }
    }
    sandbox.variations().clear();
    let usual = json_of(&sandbox).await;
    sandbox.variations().on(Variation::UnderData);
    let [binding, kesion] = json_of(&sandbox).await;
    assert_eq!(
        (&binding["data"]["openId"], &kesion),
        (&usual[0]["data"]["openId"], &usual[1])
    );
}

#[tokio::test]
async fn absent_objects_can_be_empty_objects() {
    let sandbox = Sandbox::start().await.unwrap();
    for (form, empty) in [
        (MissingForm::Null, Value::Null),
        (MissingForm::EmptyArray, json!([])),
        (MissingForm::EmptyObject, json!({})),
    ] {
        sandbox.variations().on(Variation::MissingAs(form));
        let failed = open_id(&sandbox, "never").await;
        assert_eq!(
            failed,
            json!({ "code": 2001, "msg": "获取微信openid失败", "data": empty })
        );
        sandbox.set_kesion(KesionState::Authorized);
        let [binding, kesion] = json_of(&sandbox).await;
        assert!(binding["data"]["openId"].is_string());
        let permissions = &kesion["info"]["authorization_info"]["func_info"];
        assert_eq!(
            (
                &permissions[3]["confirm_info"],
                permissions[0]["confirm_info"].is_object()
            ),
            (&empty, true)
        );
        sandbox.set_kesion(KesionState::NotOpened);
        assert_eq!(json_of(&sandbox).await[1].get("info"), Some(&empty));
    }
}

#[tokio::test]
async fn arbitrary_number_has_the_format_of_the_system() {
    let sandbox = Sandbox::start().await.unwrap();
    for number in [json!(-1), json!("440004"), json!(i64::MAX)] {
        for endpoint in [Endpoint::OpenId, Endpoint::OfficialAccount] {
            sandbox
                .faults()
                .once(endpoint, Fault::Errcode(number.clone()));
        }
        let [binding, kesion] = json_of(&sandbox).await;
        assert_eq!(binding, json!({ "code": number, "msg": "system error" }));
        assert_eq!(
            kesion,
            json!({ "returnCode": number, "msg": "system error", "result": false })
        );
    }
    for endpoint in [Endpoint::SendSms, Endpoint::BindUser] {
        sandbox.faults().once(endpoint, Fault::Errcode(json!(3020)));
        let answer = post(&sandbox, endpoint.path(), &json!({}))
            .await
            .unwrap()
            .json();
        assert_eq!(answer, json!({ "code": 3020, "msg": "system error" }));
    }
    assert_eq!(sandbox.call_log().codes_exchanged(), 0);
}

#[tokio::test]
async fn body_over_the_limit_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    let huge = json!({ "code": "x".repeat(1024 * 1024) });
    for (path, status) in [(OPEN_ID, 413), (LOOKUP, 413), (TOKEN, 200)] {
        assert_eq!(
            post(&sandbox, path, &huge).await.unwrap().status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn usual_faults_happen_at_every_endpoint() {
    let sandbox = Sandbox::start().await.unwrap();
    for endpoint in [
        Endpoint::OpenId,
        Endpoint::SendSms,
        Endpoint::BindUser,
        Endpoint::OfficialAccount,
    ] {
        sandbox.faults().once(endpoint, Fault::ResetAfter);
        sandbox.faults().once(endpoint, Fault::BadGateway);
        sandbox.faults().once(endpoint, Fault::TruncatedBody);
        let body = json!({ "mobile": "13800000002" });
        assert!(
            post(&sandbox, endpoint.path(), &body).await.is_err(),
            "{endpoint:?}"
        );
        assert_eq!(
            post(&sandbox, endpoint.path(), &body).await.unwrap().status,
            502
        );
        assert!(
            !post(&sandbox, endpoint.path(), &body)
                .await
                .unwrap()
                .is_whole()
        );
        assert!(sandbox.faults().pending(endpoint).is_empty());
    }
    for endpoint in [
        Endpoint::WechatAuthorize,
        Endpoint::WechatApprove,
        Endpoint::Control,
        Endpoint::AuthUrl,
    ] {
        sandbox.faults().once(endpoint, Fault::BadGateway);
        assert_eq!(get(&sandbox, endpoint.path()).await.unwrap().status, 502);
    }
}

#[tokio::test]
async fn life_of_a_bound_users_token_can_be_anything_or_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    for form in [
        Some(json!(0)),
        Some(json!(-1)),
        Some(json!(u64::MAX)),
        Some(json!("604800")),
        None,
    ] {
        sandbox
            .faults()
            .once(Endpoint::OpenId, Fault::ExpiresIn(form.clone()));
        let code = sandbox.issue_wechat_code("xiaoming").unwrap();
        let answer = open_id(&sandbox, &code).await;
        assert_eq!(
            (answer["data"].get("expire"), &answer["code"]),
            (form.as_ref(), &json!(0))
        );
    }
}

#[tokio::test]
async fn nothing_secret_is_in_debug() {
    let sandbox = Sandbox::start().await.unwrap();
    let code = sandbox.issue_wechat_code("xiaoming").unwrap();
    let token = open_id(&sandbox, &code).await["data"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    answers(&sandbox).await;
    let shown = format!("{sandbox:?} {:?}", sandbox.call_log());
    let secrets = [&*code, &*token, sandbox.apptoken(), sandbox.refresh_token()];
    assert!(secrets.iter().all(|it| !shown.contains(it)));
}
