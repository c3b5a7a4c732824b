//! The broker as tests and tools use it.

use std::net::TcpStream;

use rabbitmq::Broker;

#[test]
fn it_is_ready_and_then_gone() {
    let mut broker = Broker::new()
        .with_page()
        .with_virtual_hosts(["um".to_string()])
        .start()
        .expect("a broker");
    let page = broker.page().expect("its page");
    let page = page.strip_prefix("http://").expect("a URL").to_string();
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", broker.port());
    assert_eq!(broker.url(), url);
    assert_eq!(broker.url_of("um"), url.replace("%2f", "um"));
    let connects = |address: &str| TcpStream::connect(address).is_ok();
    assert!(connects(&page));

    // Where it dumps what it had when it crashes.
    #[cfg(target_os = "linux")]
    {
        let id = broker.nodes()[0].id().expect("it runs");
        let works_in = std::fs::read_link(format!("/proc/{id}/cwd"));
        let works_in = works_in.expect("its folder");
        assert!(works_in.starts_with(std::env::temp_dir()), "{works_in:?}");
    }

    broker.kill_node(0).expect("its end");
    assert!(broker.has_ended());
    assert!(!connects(&page));
    broker.start_node(0).expect("it starts again");
    assert!(connects(&page));
    broker.stop_node(0).expect("its end");
    assert!(!connects(&page));
}
