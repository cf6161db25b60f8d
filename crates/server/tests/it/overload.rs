//! More requests than a model can take: exactly the room there is gets served, and everybody else learns when to come back.

use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use crate::client::{Answer, Client};
use crate::errors::assert_is_honest;
use crate::scripted::{HELD, Script, eventually, write};
use crate::server::TestServer;

/// Rows that may wait for the model.
const ROOM: usize = 16;
/// Requests that come at once.
const CROWD: usize = 500;
const SENDERS: usize = 10;

/// A server of the scripted model `m`, which has one thread and this room, and a client whose request occupies it.
struct Busy {
    server: TestServer,
    script: Script,
    held: Client,
    _folder: TempDir,
}

impl Busy {
    fn start(room: usize, settings: &[(&str, &str)]) -> Busy {
        let (script, folder) = (Script::new(), tempfile::tempdir().expect("a folder"));
        write(folder.path(), "m", 2.0, &format!("max_queue_rows = {room}\n"));
        let own = [("SERVER__COMPUTE_THREADS", "2")];
        let server = TestServer::start(folder.path(), &[&own, settings].concat(), script.loaders());
        script.take_runs();
        script.hold_next();
        let mut held = server.client();
        send(&mut held, HELD);
        script.wait_until_held();
        Busy { server, script, held, _folder: folder }
    }

    /// The value of a metric, or of all with these labels first.
    fn metric(&self, name: &str) -> usize {
        let metrics = self.server.client().get("/metrics").text();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
    }

    fn waiting(&self) -> usize {
        self.metric("ferrocast_queue_rows{model=\"m\",version=\"1\"}")
    }

    fn wait_until_waiting(&self, rows: usize) {
        eventually(&format!("{rows} rows waiting"), || (self.waiting() == rows).then_some(()));
    }

    /// Sends as many requests as there is room for.
    fn fill(&self, room: usize) -> Vec<Client> {
        let waiting = (0..room).map(|_| self.sent()).collect();
        self.wait_until_waiting(room);
        waiting
    }

    /// A client whose request is under way.
    fn sent(&self) -> Client {
        let mut client = self.server.client();
        send(&mut client, r#"{"x": 2.0}"#);
        client
    }

    /// Lets the model go on, and sees that what it was kept with is answered.
    fn let_go(&mut self) {
        self.script.let_go();
        assert_eq!(self.held.answer(false).status, 200);
    }
}

/// A request whose answer is not waited for.
fn send(client: &mut Client, body: &str) {
    client
        .send(format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

/// Leaves with a farewell: nothing that has arrived is unread.
fn finish(mut client: Client) {
    assert_eq!(client.answer(false).status, 200);
}

fn assert_says_when(answer: &Answer, what: &str) {
    assert_is_honest(answer, what);
    assert_eq!((answer.status, answer.code().as_str()), (429, "OVERLOADED"), "{what}");
    let seconds = answer.header("retry-after").expect("a time").parse::<u64>();
    assert!(seconds.is_ok_and(|seconds| seconds >= 1), "{what}: {answer:?}");
}

/// P1 of the reliability promises.
#[test]
fn of_five_hundred_at_once_as_many_are_served_as_there_is_room_for() {
    let mut busy = Busy::start(ROOM, &[]);
    let together = Barrier::new(SENDERS);
    let mut crowd: Vec<Client> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut clients: Vec<Client> = (0..CROWD / SENDERS).map(|_| busy.server.client()).collect();
                    together.wait();
                    clients.iter_mut().for_each(|client| send(client, r#"{"x": 2.0}"#));
                    clients
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("they are sent")).collect()
    });
    eventually("all others refused", || {
        assert!(busy.waiting() <= ROOM, "more wait than may");
        (busy.metric("ferrocast_overloaded_total") == CROWD - ROOM).then_some(())
    });
    assert_eq!(busy.waiting(), ROOM);
    busy.let_go();
    let answers: Vec<Answer> = crowd.iter_mut().map(|client| client.answer(false)).collect();
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (ROOM, CROWD - ROOM));
    refused.iter().for_each(|answer| assert_says_when(answer, "beyond the room"));
    assert_eq!(busy.script.take_runs(), ROOM + 1);
    // Whoever comes back is served, on the same connection.
    assert!(crowd.iter_mut().take(ROOM).all(|client| client.post("/predict", br#"{"x": 2.0}"#).status == 200));
    assert_eq!(busy.metric("ferrocast_overloaded_total"), CROWD - ROOM);
}

/// Nothing is spent on what cannot be answered: had the body been looked at, it would have been found wrong. Where answers are
/// kept it has to be, as the answer may be there.
#[test]
fn a_full_model_refuses_before_it_looks_at_bodies() {
    let mut busy = Busy::start(ROOM, &[]);
    let mut waiting = busy.fill(ROOM);
    let mut client = busy.server.client();
    for path in ["/predict", "/predict/1", "/predict_batch", "/models/m/predict", "/models/m/versions/1/predict_batch"]
    {
        assert_says_when(&client.post(path, b"no JSON"), path);
    }
    let answer = client.post("/v2/models/m/infer", b"no JSON");
    // In the statuses of this protocol.
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{}", answer.text());
    assert_eq!(client.post("/predict_cached", b"no JSON").status, 422);
    busy.let_go();
    assert!(waiting.iter_mut().all(|client| client.answer(false).status == 200));
}

/// P6 of the reliability promises: whoever has gone costs no run and keeps no place, whether he has said so or not.
#[test]
fn two_hundred_who_leave_cost_nothing() {
    const LEAVING: usize = 200;
    let settings = [("LIMITS__MAX_IN_FLIGHT", "201")];
    let mut busy = Busy::start(LEAVING, &settings);
    for leave in [finish, Client::reset] {
        let leaving: Vec<Client> = (0..LEAVING)
            .map(|_| {
                // What comes back before is read only by those who leave properly.
                let mut client = busy.server.client();
                client.send(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
                send(&mut client, r#"{"x": 2.0}"#);
                client
            })
            .collect();
        busy.wait_until_waiting(LEAVING);
        assert_says_when(&busy.server.client().post("/predict", br#"{"x": 2.0}"#), "every permit is taken");
        leaving.into_iter().for_each(leave);
        busy.wait_until_waiting(0);
    }
    // Every permit is there again.
    let mut all = busy.fill(LEAVING);
    busy.let_go();
    assert!(all.iter_mut().all(|client| client.answer(false).status == 200));
    assert_eq!(busy.script.take_runs(), LEAVING + 1, "none of those ran who had left");
}
