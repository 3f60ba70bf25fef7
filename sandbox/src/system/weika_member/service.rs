//! Both pages of the member login, and its redirect to the application.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard};

use http::StatusCode;
use http::header::USER_AGENT;
use url::form_urlencoded;

use super::authorize_request::{AuthorizeRequest, Scope};
use super::grants::{Grant, Grants};
use super::page::{self, Kind};
use super::refusal::MemberRefusal;
use crate::endpoint::Endpoint;
use crate::lock::lock;
use crate::message::call::Call;
use crate::message::query::{parameter, raw_parameter};
use crate::message::reply::{Content, Reply};
use crate::state::code::Codes;
use crate::state::fault::{Fault, Faults};
use crate::state::member_person::MemberPerson;
use crate::state::school::School;
use crate::state::token::Tokens;
use crate::state::variation::Variation;
use crate::system::redirect;
use crate::system::wechat::PRETEND;
use crate::system::weika::{App, Approval};

/// Weika's member login with its applications and members.
pub(crate) struct WeikaMember {
    pub(crate) apps: Vec<App>,
    pub(crate) people: Vec<MemberPerson>,
    pub(crate) codes: Codes,
    /// Tokens of members; their number is that of the grant.
    pub(crate) tokens: Tokens,
    /// Tokens of schools; their number is that of the application and the school.
    pub(crate) school_tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) approval: Mutex<Approval>,
    /// Whether the schools have the applications switched on.
    pub(crate) enabled: AtomicBool,
    pub(crate) grants: Grants,
}

/// Parts that a builder provides.
pub(crate) struct Parts {
    pub(crate) apps: Vec<App>,
    pub(crate) people: Vec<MemberPerson>,
    pub(crate) approval: Approval,
}

impl WeikaMember {
    pub(crate) fn new(
        parts: Parts,
        codes: Codes,
        tokens: Tokens,
        school_tokens: Tokens,
        faults: Faults,
    ) -> Self {
        Self {
            apps: parts.apps,
            people: parts.people,
            codes,
            tokens,
            school_tokens,
            faults,
            approval: Mutex::new(parts.approval),
            enabled: AtomicBool::new(true),
            grants: Grants::default(),
        }
    }

    pub(crate) fn approval(&self) -> MutexGuard<'_, Approval> {
        lock(&self.approval)
    }

    /// Issues a code for `person` at the first application, as if a browser had been there.
    pub(crate) fn issue_code(&self, person: &str, redirect_uri: &str) -> Option<String> {
        let person = self.people.iter().position(|it| it.id() == person)?;
        let ocode = self.people.get(person)?.school().code().to_owned();
        let grant = Grant {
            ocode,
            scope: Scope::UserInfo,
            person,
        };
        self.issue(0, redirect_uri, grant)
    }

    fn issue(&self, app: usize, redirect_uri: &str, grant: Grant) -> Option<String> {
        let client = self.grants.client(app, redirect_uri);
        self.codes.issue(client, self.grants.grant(grant)).ok()
    }

    pub(crate) fn authorize(&self, kind: Kind, call: &Call<'_>) -> Reply {
        let query = call.query();
        let request = match self.login_request(query) {
            Ok((_, request)) => request,
            Err(page) => return page,
        };
        let pretends = parameter(query, PRETEND.0).as_deref() == Some(PRETEND.1);
        let in_wechat = call.header(USER_AGENT).contains("MicroMessenger") || pretends;
        if kind == Kind::H5 && !in_wechat {
            let page = Content::Html(page::not_wechat(query));
            return Reply::failure(StatusCode::BAD_REQUEST, page);
        }
        let approval = self.approval().clone();
        let decision = match approval {
            Approval::Ask => {
                let people = self
                    .people
                    .iter()
                    .filter(|it| it.school().code() == request.ocode);
                return Reply::page(page::choose(kind, people, &request.redirect_uri, query));
            }
            Approval::Approve(person) => form_urlencoded::Serializer::new(String::new())
                .append_pair("person", &person)
                .finish(),
            Approval::Decline => "decline=1".to_owned(),
        };
        let fault = self.faults.take_for_redirect(Endpoint::MemberApprove);
        self.redirect(
            &format!("{decision}&{query}"),
            call.variations,
            fault.as_ref(),
        )
    }

    pub(crate) fn approve(&self, call: &Call<'_>) -> Reply {
        self.redirect(call.query(), call.variations, call.fault)
    }

    fn redirect(&self, query: &str, variations: &[Variation], fault: Option<&Fault>) -> Reply {
        let (app, request) = match self.login_request(query) {
            Ok(request) => request,
            Err(page) => return page,
        };
        let AuthorizeRequest {
            ocode,
            redirect_uri,
            scope,
            ..
        } = request;
        let code = if parameter(query, "decline").is_some() {
            None
        } else {
            let id = parameter(query, "person").unwrap_or_default();
            let is_chosen = |it: &MemberPerson| it.id() == id && it.school().code() == ocode;
            let Some(person) = self.people.iter().position(is_chosen) else {
                return Reply::bad_request("没有这个人", "The school has no such member");
            };
            let earlier = (fault == Some(&Fault::SameCode))
                .then(|| self.codes.last())
                .flatten();
            let grant = Grant {
                ocode,
                scope,
                person,
            };
            let code = earlier.or_else(|| self.issue(app, &redirect_uri, grant));
            let Some(code) = code else {
                return MemberRefusal::Busy.reply();
            };
            Some(("wxcode", code))
        };
        redirect::to_application(
            &redirect_uri,
            code,
            raw_parameter(query, "state"),
            variations,
            fault,
        )
    }

    /// Returns the application and the parameters of a login request.
    fn login_request(&self, query: &str) -> Result<(usize, AuthorizeRequest), Reply> {
        let request = AuthorizeRequest::parse(query)?;
        let Some(app) = self.apps.iter().position(|it| it.key == request.app_key) else {
            return Err(Reply::bad_request(
                "应用不存在",
                "app_key is missing or unknown",
            ));
        };
        if self.school(&request.ocode).is_none() {
            return Err(Reply::bad_request(
                "主体不存在",
                "ocode is missing or unknown",
            ));
        }
        Ok((app, request))
    }

    fn school(&self, ocode: &str) -> Option<&School> {
        let number = self.school_number(ocode)?;
        Some(self.people[number].school())
    }

    /// Returns the number of the first member of a school.
    pub(crate) fn school_number(&self, ocode: &str) -> Option<usize> {
        self.people
            .iter()
            .position(|it| it.school().code() == ocode)
    }
}
