use crate::engine::Engine;

/// The configuration of a browser.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) engine: Engine,
    /// The size of the page. Firefox is 500 pixels wide at least, and WPE always 800.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Emulates touch and the viewport of a phone, in Chromium only.
    pub(crate) is_phone: bool,
    pub(crate) is_dark: bool,
    /// In Chromium and Firefox. WebKit prefers English.
    pub(crate) languages: &'static str,
    pub(crate) blocks_cookies: bool,
    pub(crate) runs_scripts: bool,
    /// Sends the user agent of WeChat's browser.
    pub(crate) is_wechat: bool,
}

impl Kind {
    pub(crate) const DESKTOP: Self = Self {
        engine: Engine::Chromium,
        width: 1200,
        height: 800,
        is_phone: false,
        is_dark: false,
        languages: "zh-CN,zh,en",
        blocks_cookies: false,
        runs_scripts: true,
        is_wechat: false,
    };
    pub(crate) const PHONE: Self = Self {
        width: 390,
        height: 844,
        is_phone: true,
        ..Self::DESKTOP
    };
    pub(crate) const WECHAT: Self = Self {
        is_wechat: true,
        ..Self::PHONE
    };
}

pub(crate) const fn desktop(engine: Engine) -> Kind {
    Kind {
        engine,
        languages: "en-US,en",
        ..Kind::DESKTOP
    }
}

pub(crate) const fn phone(engine: Engine) -> Kind {
    Kind {
        engine,
        languages: "en-US,en",
        ..Kind::PHONE
    }
}

pub(crate) const fn wechat(engine: Engine) -> Kind {
    Kind {
        is_wechat: true,
        ..phone(engine)
    }
}
