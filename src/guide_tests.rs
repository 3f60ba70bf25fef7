//! The guide explains everything that this crate reports, in both languages: each number, kind,
//! page, status, configuration error and log line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::client::ErrorCodes;
use crate::error::{ConfigErrorKind, ErrorKind};
use crate::request::Language;
use crate::response::PageKind;

/// Each language, its folder, and the headings of its tables in the order of [`Table`].
const LANGUAGES: [(Language, &str, [&str; 11]); 2] = [
    (
        Language::English,
        "en",
        [
            "Weika",
            "Weika members",
            "Binding",
            "Kesion",
            "WeChat pages",
            "WeChat API",
            "Error kinds",
            "Pages",
            "HTTP statuses",
            "Errors at start",
            "Log lines and their remedy",
        ],
    ),
    (
        Language::Chinese,
        "zh",
        [
            "微卡",
            "微卡成员登录",
            "绑定服务",
            "科汛",
            "微信页面",
            "微信接口",
            "错误类别",
            "页面",
            "HTTP 状态码",
            "启动时的错误",
            "日志及处理办法",
        ],
    ),
];

#[derive(Clone, Copy)]
enum Table {
    Weika,
    WeikaMembers,
    Binding,
    Kesion,
    WechatPages,
    WechatApi,
    ErrorKinds,
    Pages,
    Statuses,
    ConfigErrors,
    /// In the chapter about operating, the others in that about troubleshooting.
    LogLines,
}

/// Numbers of pages that WeChat itself shows; no table of this crate has them.
const WECHAT_PAGES: [i64; 11] = [
    10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016,
];

/// The variants of an enum with their names. A variant that is not listed is an error of the
/// compiler.
macro_rules! variants {
    ($enum:ident: $($variant:ident $(($field:expr))?),+) => {{
        variants!(names $enum: $($variant),+);
        [$((stringify!($variant), $enum::$variant $(($field))?)),+]
    }};
    (names $enum:ident: $($variant:ident),+) => {{
        fn _every_variant_is_listed(value: &$enum) {
            match value { $($enum::$variant { .. } => {})+ }
        }
        [$(stringify!($variant)),+]
    }};
}

/// The cells of each row of a table, without code marks. No cell is empty, and no row is there
/// twice.
fn rows(folder: &str, headings: &[&str], table: Table) -> Vec<Vec<String>> {
    let heading = headings[table as usize];
    let chapter = if matches!(table, Table::LogLines) {
        "operating"
    } else {
        "troubleshooting"
    };
    let path = format!(
        "{}/docs/guide/{folder}/src/{chapter}.md",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(&path).unwrap();
    let mut sections = text.split("\n## ");
    let section = sections.find(|section| section.starts_with(&format!("{heading}\n")));
    let section = section.unwrap_or_else(|| panic!("{path} has no section {heading:?}"));
    let lines = section.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    let mut rows: Vec<Vec<String>> = lines.map(cells).collect();
    let header = rows.remove(0);
    for row in &rows {
        let is_whole = row.len() == header.len() && row.iter().all(|cell| !cell.is_empty());
        assert!(is_whole, "{path}: {heading}: a row lacks a cell: {row:?}");
    }
    let names: BTreeSet<&str> = rows.iter().map(|row| &*row[0]).collect();
    assert_eq!(
        names.len(),
        rows.len(),
        "{path}: {heading}: a row is there twice"
    );
    rows
}

/// Checks that the first cells of a table are exactly `expected`, and returns its rows in that
/// order.
fn rows_of(
    folder: &str,
    headings: &[&str],
    table: Table,
    expected: impl IntoIterator<Item = impl ToString>,
) -> Vec<Vec<String>> {
    let rows = rows(folder, headings, table);
    let expected: Vec<String> = expected.into_iter().map(|name| name.to_string()).collect();
    let (found, wanted): (BTreeSet<_>, BTreeSet<_>) = (
        rows.iter().map(|row| &row[0]).collect(),
        expected.iter().collect(),
    );
    let heading = headings[table as usize];
    let (missing, stale) = (&wanted - &found, &found - &wanted);
    assert!(
        missing.is_empty(),
        "{folder}: {heading}: not explained: {missing:?}"
    );
    assert!(
        stale.is_empty(),
        "{folder}: {heading}: explained, but unknown to the code: {stale:?}"
    );
    let row = |name: &String| rows.iter().find(|row| row[0] == *name).cloned();
    expected.iter().filter_map(row).collect()
}

#[test]
fn every_upstream_number_is_explained_with_its_kind() {
    for (_, folder, headings) in LANGUAGES {
        for (table, codes) in [
            (Table::Weika, ErrorCodes::weika()),
            (Table::WeikaMembers, ErrorCodes::weika_member()),
            (Table::Binding, ErrorCodes::binding()),
            (Table::Kesion, ErrorCodes::kesion()),
            (Table::WechatApi, ErrorCodes::wechat()),
        ] {
            let numbers = codes.listed();
            for (row, errcode) in rows_of(folder, &headings, table, numbers)
                .iter()
                .zip(codes.listed())
            {
                assert_eq!(
                    row[2],
                    format!("{:?}", codes.action(errcode).kind()),
                    "{folder}: {row:?}"
                );
            }
        }
        rows_of(folder, &headings, Table::WechatPages, WECHAT_PAGES);
    }
}

#[test]
fn every_error_kind_is_explained_with_its_page() {
    let kinds = variants!(ErrorKind: InvalidCode, TokenRejected, Denied, Configuration, Busy, Fault, Malformed, Connect,
        Lost, Timeout, Unresponsive, Overloaded, ForbiddenHost, Store, Internal);
    for (_, folder, headings) in LANGUAGES {
        let names = kinds.iter().map(|(name, _)| name);
        for (row, (_, kind)) in rows_of(folder, &headings, Table::ErrorKinds, names)
            .iter()
            .zip(kinds)
        {
            let page = match kind {
                ErrorKind::InvalidCode => PageKind::InvalidLink,
                ErrorKind::Denied => PageKind::Denied,
                kind => PageKind::of(kind),
            };
            assert!(row[2].contains(&format!("{page:?}")), "{folder}: {row:?}");
        }
    }
}

#[test]
fn every_page_and_status_is_explained_with_the_words_of_the_page() {
    let pages = variants!(PageKind: LoginRequired, RecentLoginRequired, LoginExpired, ContinueFromOtherSite, LoginInFrame, Forbidden,
        Unavailable, Busy, TooManyAttempts, Declined, InvalidLink, CookiesBlocked, Denied, UpstreamFailed, NotSetUp,
        UpstreamTimeout, Unbound, OpenInWechat, CrossSite, MethodNotAllowed("GET"));
    // Redirects, paths that are no endpoint, and the response of a guard without a login layer.
    let mut statuses = BTreeSet::from([303, 404, 500]);
    statuses.extend(pages.iter().map(|(_, page)| page.status().as_u16()));
    for (language, folder, headings) in LANGUAGES {
        let names = pages.iter().map(|(name, _)| name);
        for (row, (_, page)) in rows_of(folder, &headings, Table::Pages, names)
            .iter()
            .zip(pages)
        {
            let title = page.text(language).title;
            assert_eq!(
                row[1..4],
                [title, page.status().as_str(), page.code()],
                "{folder}"
            );
        }
        for row in rows_of(folder, &headings, Table::Statuses, &statuses) {
            let of_status = |(_, page): &&(&str, PageKind)| page.status().as_str() == row[0];
            for (name, _) in pages.iter().filter(of_status) {
                let mut words = row[1].split(|character: char| !character.is_ascii_alphanumeric());
                assert!(words.any(|word| word == *name), "{folder}: {name}: {row:?}");
            }
        }
    }
}

#[test]
fn every_configuration_error_is_explained() {
    let names = variants!(names ConfigErrorKind: Missing, InvalidUrl, InsecureUrl, InvalidPath, SamePath, SameHost, OutOfRange,
        PublishedSecret, InvalidCharacters, MissingFeature, CoordinatorConflict, SetupFailed);
    for (_, folder, headings) in LANGUAGES {
        rows_of(folder, &headings, Table::ConfigErrors, names);
    }
}

#[test]
fn every_warning_and_error_of_the_log_is_explained() {
    let mut messages = BTreeSet::new();
    collect_messages(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut messages,
    );
    assert!(messages.len() > 20, "{messages:?}");
    for (_, folder, headings) in LANGUAGES {
        let rows = rows(folder, &headings, Table::LogLines);
        // The beginning of a line, to the first value in it or further.
        let beginnings = rows.iter().map(|row| row[0].trim_end_matches('…'));
        let mut explained: BTreeMap<&str, Vec<&String>> = beginnings
            .map(|beginning| (beginning, Vec::new()))
            .collect();
        for message in &messages {
            let longest = explained
                .iter_mut()
                .filter(|(beginning, _)| message.starts_with(**beginning));
            let longest = longest.max_by_key(|(beginning, _)| beginning.len());
            let (_, lines) =
                longest.unwrap_or_else(|| panic!("{folder}: not explained: {message}"));
            lines.push(message);
        }
        for (beginning, lines) in explained {
            assert_eq!(
                lines.len(),
                1,
                "{folder}: {beginning:?} is the beginning of {lines:?}"
            );
        }
    }
}

/// Adds the texts of all `warn!` and `error!` below `folder`, with `…` for each value.
fn collect_messages(folder: &Path, messages: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.ends_with("tests") || name == "trace" {
            continue;
        }
        if path.is_dir() {
            collect_messages(&path, messages);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for call in code
            .split("warn!(")
            .skip(1)
            .chain(code.split("error!(").skip(1))
        {
            let mut parts = call.split('"').skip(1);
            let message = parts.next().expect("a message").replace("\\\n", "\n");
            let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
            let pieces = words
                .split('{')
                .map(|piece| piece.split_once('}').map_or(piece, |(_, rest)| rest));
            messages.insert(pieces.collect::<Vec<_>>().join("…"));
        }
    }
}
