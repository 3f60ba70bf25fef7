//! Tests of the harness itself: a scenario proves something only if its faults are real.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::child::{self, Child};
use crate::cluster::Cluster;
use crate::proxy::{Fault, Proxy, delay};
use crate::redis_server::{Connection, Options, Redis, Value, now, until};
use crate::sentinel::Sentinel;

/// How long to wait for a reply that must not come. A reply would come sooner, or the next test
/// would fail.
const SILENCE: Duration = Duration::from_millis(300);

fn through(proxy: &Proxy) -> Connection {
    Connection::open(proxy.address(), None).expect("the proxy accepts connections")
}

/// The connection stays open, and no reply arrives.
#[track_caller]
fn assert_silent(connection: &mut Connection) {
    connection.set_timeout(Some(SILENCE)).expect("a socket");
    let kind = connection.read().expect_err("no reply").kind();
    assert!(
        matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "the connection is open: {kind}"
    );
    connection
        .set_timeout(Some(crate::redis_server::DEADLINE))
        .expect("a socket");
}

/// The peer has closed the connection.
#[track_caller]
fn assert_closed(connection: &mut Connection) {
    let kind = connection.read().expect_err("the connection is cut").kind();
    assert!(
        matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset),
        "the connection is cut: {kind}"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn server_responds_after_start_and_stops_when_dropped() {
    let redis = Redis::start();
    assert_eq!(
        redis.command(&["SET", "key", "väl\r\nue"]),
        Value::from("OK")
    );
    assert_eq!(redis.command(&["GET", "key"]), Value::from("väl\r\nue"));
    assert_eq!(redis.command(&["GET", "other"]), Value::Nil);
    assert_eq!(redis.command(&["INCRBY", "number", "-7"]), Value::Int(-7));
    assert_eq!(
        redis.command(&["MGET", "other", "number"]),
        Value::Array(vec![Value::Nil, Value::from("-7")])
    );
    assert!(
        matches!(redis.command(&["INCR", "key"]), Value::Error(message) if message.starts_with("ERR"))
    );
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}", redis.port()));
    assert!(
        redis.log().contains("Ready to accept connections"),
        "{}",
        redis.log()
    );

    let (address, folder) = (redis.address(), redis.folder().to_owned());
    assert!(folder.is_dir());
    drop(redis);
    assert!(!folder.exists());
    assert_eq!(
        Connection::open(address, None).err().unwrap().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn servers_are_isolated() {
    let (one, other) = (Redis::start(), Redis::start());
    one.command(&["SET", "key", "value"]);
    assert_eq!(other.command(&["DBSIZE"]), Value::Int(0));
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn password_socket_and_arguments_are_those_of_the_options() {
    let redis = Redis::start_with(&Options {
        arguments: &["--maxmemory", "2mb"],
        password: Some("secret"),
        has_socket: true,
    });
    assert_eq!(
        redis.url(),
        format!("redis://:secret@127.0.0.1:{}", redis.port())
    );
    assert_eq!(
        redis.command(&["CONFIG", "GET", "maxmemory"]),
        Value::Array(vec!["maxmemory".into(), "2097152".into()])
    );
    let mut unauthenticated = Connection::open(redis.address(), None).unwrap();
    assert!(
        matches!(unauthenticated.call(&["PING"]).unwrap(), Value::Error(message) if message.starts_with("NOAUTH"))
    );
    assert!(Connection::open(redis.address(), Some("wrong")).is_err());

    let mut socket = UnixStream::connect(redis.socket()).unwrap();
    socket.write_all(b"AUTH secret\r\n").unwrap();
    let mut reply = [0; 5];
    socket.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"+OK\r\n");
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn acknowledged_data_survives_kill_and_restart() {
    let mut redis = Redis::start();
    for round in 0..3 {
        let value = format!("value {round}");
        redis.command(&["SET", "key", &value]);
        let mut connection = redis.connect().unwrap();
        connection.call(&["PING"]).unwrap();
        redis.kill();
        assert_closed(&mut connection);
        assert_eq!(
            redis.connect().err().unwrap().kind(),
            ErrorKind::ConnectionRefused
        );
        redis.restart();
        assert_eq!(redis.command(&["GET", "key"]), Value::from(value.as_str()));
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn paused_server_does_not_respond_until_resumed() {
    let redis = Redis::start();
    let mut connection = redis.connect().unwrap();
    connection.call(&["PING"]).unwrap();
    redis.pause();
    connection.send(&["ECHO", "late"]).unwrap();
    assert_silent(&mut connection);
    redis.resume();
    assert_eq!(connection.read().unwrap(), Value::from("late"));
    redis.pause();
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn all_keys_are_listed_once() {
    let redis = Redis::start();
    let mut connection = redis.connect().unwrap();
    let expected: Vec<_> = (0..3000).map(|number| format!("key:{number:04}")).collect();
    for key in &expected {
        connection.send(&["SET", key, "value"]).unwrap();
    }
    for _ in &expected {
        connection.read().unwrap();
    }
    assert_eq!(redis.keys(), expected);
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn monitor_records_all_earlier_commands() {
    let redis = Redis::start();
    redis.command(&["SET", "before", "value"]);
    let monitor = redis.monitor();
    redis.command(&["SET", "key", "secret value"]);
    let text = monitor.text();
    assert!(text.contains(r#""SET" "key" "secret value""#), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    for number in 0..100 {
        redis.command(&["GET", &number.to_string()]);
    }
    assert_eq!(monitor.text().lines().count(), 101);
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn proxy_forwards_everything_also_to_a_restarted_server() {
    let mut redis = Redis::start_with(&Options {
        password: Some("secret"),
        ..Options::default()
    });
    let proxy = Proxy::start(&redis);
    assert_eq!(proxy.url(), format!("redis://:secret@{}", proxy.address()));
    assert_eq!(proxy.accepted(), 0);
    let long = "x".repeat(1 << 20);
    let connect = || Connection::open(proxy.address(), Some("secret"));
    let mut connection = connect().unwrap();
    assert_eq!(
        connection.call(&["ECHO", &long]).unwrap(),
        Value::from(long.as_str())
    );
    assert_eq!(proxy.accepted(), 1);

    redis.kill();
    assert_closed(&mut connection);
    assert!(connect().is_err());
    redis.restart();
    assert_eq!(
        connect().unwrap().call(&["PING"]).unwrap(),
        Value::from("PONG")
    );
    assert_eq!(proxy.accepted(), 3);
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn delayed_replies_stay_in_order() {
    let redis = Redis::start();
    let proxy = Proxy::start(&redis);
    let (up_to, seed) = (Duration::from_millis(20), 7);
    proxy.set(Fault::Delay { up_to, seed });
    let mut connection = through(&proxy);
    let start = now();
    for number in 0..20 {
        connection.call(&["ECHO", &number.to_string()]).unwrap();
    }
    let least: Duration = (0..20).map(|piece| delay(up_to, seed, 0, piece)).sum();
    assert!(
        start.elapsed() >= least && least > up_to * 4,
        "{:?}, {least:?}",
        start.elapsed()
    );

    for number in 0..200 {
        connection.send(&["ECHO", &number.to_string()]).unwrap();
    }
    for number in 0..200 {
        assert_eq!(
            connection.read().unwrap(),
            Value::from(number.to_string().as_str())
        );
    }
    let delays: Vec<_> = (0..100).map(|piece| delay(up_to, seed, 0, piece)).collect();
    assert!(delays.iter().all(|delay| *delay < up_to));
    assert_ne!(
        delay(up_to, seed + 1, 0, 0),
        delays[0],
        "each seed has different delays"
    );
    assert_ne!(
        delay(up_to, seed, 1, 0),
        delays[0],
        "each connection has different delays"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn black_hole_delivers_no_request_and_no_reply() {
    let redis = Redis::start();
    let proxy = Proxy::start(&redis);
    let mut idle = through(&proxy);
    idle.call(&["PING"]).unwrap();
    proxy.set(Fault::BlackHole);
    let mut connection = through(&proxy);
    connection.send(&["SET", "key", "value"]).unwrap();
    assert_silent(&mut connection);
    assert_eq!(redis.command(&["DBSIZE"]), Value::Int(0));

    proxy.set(Fault::None);
    assert_closed(&mut connection);
    assert_eq!(
        idle.call(&["PING"]).unwrap(),
        Value::from("PONG"),
        "no byte was lost"
    );
    assert_eq!(
        through(&proxy).call(&["PING"]).unwrap(),
        Value::from("PONG")
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn server_receives_commands_when_replies_get_lost() {
    let redis = Redis::start();
    let proxy = Proxy::start(&redis);
    proxy.set(Fault::LoseReplies);
    let mut connection = through(&proxy);
    connection.send(&["SET", "key", "value"]).unwrap();
    until("the server has received the command", || {
        redis.command(&["GET", "key"]) == Value::from("value")
    });
    assert_silent(&mut connection);
    proxy.cut();
    assert_closed(&mut connection);
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn refusing_connections_keeps_open_ones_until_they_are_cut() {
    let redis = Redis::start();
    let proxy = Proxy::start(&redis);
    let mut connection = through(&proxy);
    connection.call(&["PING"]).unwrap();
    for _ in 0..3 {
        proxy.set(Fault::Refuse);
        assert_eq!(
            Connection::open(proxy.address(), None)
                .err()
                .unwrap()
                .kind(),
            ErrorKind::ConnectionRefused
        );
        assert_eq!(connection.call(&["PING"]).unwrap(), Value::from("PONG"));
        proxy.cut();
        assert_closed(&mut connection);
        proxy.set(Fault::None);
        connection = through(&proxy);
        assert_eq!(connection.call(&["PING"]).unwrap(), Value::from("PONG"));
    }
    assert_eq!(proxy.accepted(), 4);
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn injected_replies_arrive_and_shift_all_later_ones() {
    let redis = Redis::start();
    let proxy = Proxy::start(&redis);
    let mut connection = through(&proxy);
    assert_eq!(
        connection.call(&["ECHO", "one"]).unwrap(),
        Value::from("one")
    );
    assert_eq!(proxy.inject(b"+forged\r\n"), 1);
    assert_eq!(connection.read().unwrap(), Value::from("forged"));

    assert_eq!(proxy.inject_before_next_reply(b"+forged again\r\n"), 1);
    assert_silent(&mut connection);
    assert_eq!(
        connection.call(&["ECHO", "two"]).unwrap(),
        Value::from("forged again")
    );
    assert_eq!(
        connection.call(&["ECHO", "three"]).unwrap(),
        Value::from("two")
    );
    assert_eq!(
        through(&proxy).call(&["ECHO", "four"]).unwrap(),
        Value::from("four"),
        "a new connection is clean"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn cluster_is_ok_and_each_node_has_its_slots() {
    let mut cluster = Cluster::start(3);
    assert_eq!(cluster.urls().len(), 3);
    for number in 0..20 {
        let key = format!("key {number}");
        let node_port = cluster.node_of(&key).port();
        for node in &cluster.nodes {
            match node.command(&["SET", &key, "value"]) {
                Value::Error(moved) => {
                    assert!(
                        moved.ends_with(&format!("127.0.0.1:{node_port}")),
                        "{moved}"
                    )
                }
                done => assert_eq!((done, node.port()), (Value::from("OK"), node_port)),
            }
        }
    }
    cluster.nodes[1].kill();
    until("the others notice the failure", || {
        cluster.nodes[0]
            .command(&["CLUSTER", "INFO"])
            .text()
            .contains("cluster_state:fail")
    });
    cluster.nodes[1].restart();
    cluster.wait_until_ok();
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn sentinel_fails_over() {
    let mut sentinel = Sentinel::start();
    assert_eq!(sentinel.url(), sentinel.sentinel.url());
    // `WAIT` covers the writes of this connection.
    let mut connection = sentinel.master.connect().unwrap();
    connection.call(&["SET", "key", "value"]).unwrap();
    assert_eq!(
        connection.call(&["WAIT", "1", "30000"]).unwrap(),
        Value::Int(1)
    );
    assert!(
        matches!(sentinel.replica.command(&["SET", "key", "other"]), Value::Error(why) if why.contains("READONLY"))
    );
    sentinel.failover_by_killing_master();
    assert_eq!(
        sentinel.replica.command(&["GET", "key"]),
        Value::from("value")
    );
    assert_eq!(
        sentinel.replica.command(&["SET", "key", "other"]),
        Value::from("OK")
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a role: other tests run it in a child process"]
async fn echo() {
    let Some(parent) = child::role() else { return };
    parent.send(&std::env::var("GREETING").unwrap());
    loop {
        match parent.receive().as_str() {
            "end" => return,
            "fail" => panic!("failing on request"),
            line => parent.send(line),
        }
    }
}

#[test]
fn child_exchanges_messages_pauses_resumes_and_exits() {
    let mut child = Child::run("harness::echo", &[("GREETING", "hello")]);
    assert_eq!(child.receive(), "hello");
    child.send("one");
    assert_eq!(child.receive(), "one");
    child.pause();
    child.send("two");
    assert_eq!(child.receive_within(SILENCE), None);
    child.resume();
    assert_eq!(child.receive(), "two");
    child.send("end");
    assert!(child.wait().success());
}

#[test]
fn child_can_be_killed_and_its_failure_is_reported() {
    let mut child = Child::run("harness::echo", &[("GREETING", "hello")]);
    child.kill();
    assert!(!child.wait().success());

    let mut child = Child::run("harness::echo", &[("GREETING", "hello")]);
    child.send("fail");
    assert!(!child.wait().success());
    until("its last output has arrived", || {
        child.log().contains("failing on request")
    });
}

#[test]
#[should_panic(expected = "running 0 tests")]
fn child_needs_a_role_that_exists() {
    Child::run("harness::missing", &[]);
}
