//! Faults: crashes, cut links, outages of the store and the upstream systems, clocks that are set,
//! and revocations by an administrator.

use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep};
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::store::SessionStore;

use crate::login::Login;
use crate::network::Link;
use crate::site::Site;
use crate::world::World;

/// Causes faults until `end`. Each of them ends before.
pub(crate) async fn cause(site: Arc<Site>, end: Instant) {
    let world = Arc::clone(&site.world);
    let pause = world.scenario.fault_pause;
    if pause == 0 {
        return;
    }
    loop {
        sleep(world.random.millis(1_000, pause * 1_000)).await;
        if Instant::now() >= end {
            return;
        }
        let fault = cause_one(Arc::clone(&site));
        // Faults overlap.
        drop(tokio::spawn(fault));
    }
}

async fn cause_one(site: Arc<Site>) {
    let world = &site.world;
    let number = site.choose();
    let time = world.random.millis(300, 20_000);
    match world.random.between(0, 99) {
        0..15 => {
            site.crash(number);
            sleep(time).await;
            site.restart(number);
        }
        15..45 => {
            let link = match world.random.between(0, 5) {
                0 => Link::Browsers(number),
                1 => Link::Weika(number),
                2 => Link::Wechat(number),
                _ => Link::Store(number),
            };
            world.note(format_args!("{link:?} is cut for {time:?}"));
            world.network.cut(link, time);
        }
        45..60 => {
            let loses_changes = world.random.chance(400);
            if loses_changes {
                world.server.lock().write_to_disk();
                sleep(Duration::from_secs(1)).await;
            }
            if world.server.lock().is_up() {
                world.note(format_args!(
                    "the store stops, loses changes: {loses_changes}"
                ));
                world.server.lock().stop();
                sleep(time).await;
                world.note(format_args!("the store starts"));
                world.server.lock().recover();
            }
        }
        60..70 => {
            let by = world.random.millis(10_000, 3_600_000);
            let is_forward = world.random.chance(500);
            site.set_clock(number, Some((by, is_forward)));
            sleep(time).await;
            site.set_clock(number, None);
        }
        70..80 => {
            world.note(format_args!("Weika revokes its tokens"));
            world.weika.lock().revoke_tokens();
        }
        _ => revoke(&site, number).await,
    }
}

/// An administrator revokes the sessions of a user, one of them, or those of all users.
async fn revoke(site: &Site, number: usize) {
    let world = &site.world;
    let Some(instance) = site.instance(number) else {
        return;
    };
    let (login, extent) = (
        Login::ALL[world.random.index(Login::ALL.len())],
        world.random.between(0, 4),
    );
    let subject = login.subject(&format!("o{}", world.random.between(1, 3)));
    let logins = &instance.logins;
    let is_revoked = match login {
        Login::Manager => revoke_at(world, &logins.managers, &subject, extent).await,
        Login::Wechat => revoke_at(world, &logins.wechat, &subject, extent).await,
        Login::Member => revoke_at(world, &logins.members, &subject, extent).await,
        Login::Phone => revoke_at(world, &logins.phone, &subject, extent).await,
    };
    world.note(format_args!("revoked {extent} of {subject}: {is_revoked}"));
}

/// Returns whether the revocation is acknowledged.
async fn revoke_at<P, St>(
    world: &World,
    login: &LoginLayer<P, St>,
    subject: &str,
    extent: u64,
) -> bool
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    match extent {
        0 => login.revoke_all_sessions().await.is_ok(),
        1 | 2 => login.revoke_sessions_of(subject).await.is_ok(),
        _ => {
            let Ok(sessions) = login.sessions_of(subject).await else {
                return false;
            };
            if sessions.is_empty() {
                return false;
            }
            let chosen = *sessions[world.random.index(sessions.len())].digest();
            login.revoke_session_of(subject, chosen).await.is_ok()
        }
    }
}
