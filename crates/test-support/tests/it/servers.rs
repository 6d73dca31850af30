use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use test_support::{Fault, FaultProxy, TestRedis};

/// Whether a Redis behind this URL answers a PING in time.
fn answers(url: &str) -> bool {
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut pong = [0; 7];
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut pong).is_ok()
}

#[test]
fn two_tests_share_a_redis_but_no_prefix() {
    let (one, other) = (TestRedis::shared(), TestRedis::shared());
    assert_eq!(one.url(), other.url());
    assert_ne!(one.prefix(), other.prefix());
    assert!(answers(one.url()));
}

#[test]
fn a_private_redis_is_broken_for_its_own_test_only() {
    let mut mine = TestRedis::private();
    assert!(answers(mine.url()));
    mine.kill();
    assert!(!answers(mine.url()));
    assert!(answers(TestRedis::shared().url()));
    mine.restart();
    assert!(answers(mine.url()));
}

#[test]
fn a_server_behind_the_proxy_is_slow_silent_or_gone_on_command() {
    let redis = TestRedis::shared();
    let upstream = redis
        .url()
        .trim_start_matches("redis://")
        .trim_end_matches('/');
    let proxy = FaultProxy::start(upstream);
    let url = proxy.in_front_of(redis.url());
    assert!(answers(&url));
    for fault in [
        Fault::Latency(Duration::from_secs(1)),
        Fault::Blackhole,
        Fault::Reset,
    ] {
        proxy.set(fault);
        assert!(!answers(&url), "{fault:?}");
    }
    proxy.heal();
    assert!(answers(&url));
}
