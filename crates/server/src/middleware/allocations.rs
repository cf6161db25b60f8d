//! What a prediction allocates between the HTTP library, which has read its head and its body, and that library again, which sends
//! its answer. Each of them is listed, so that one more is a decision.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use actix_http::Request;
use actix_service::{Service, ServiceFactory};
use actix_web::test::TestRequest;
use actix_web::web::Data;
use allocation_counter::measure;
use futures_util::FutureExt;

use super::answer::Around;
use crate::access::Listener;
use crate::app::parts;
use crate::config::{Config, Sources};
use crate::engines;
use crate::listen::{answering, application};
use crate::reporting::Reporting;
use crate::state::State;

const ROW: &str = r#"{"bill_length_mm": 39.1, "bill_depth_mm": 18.7, "island": "Torgersen", "flipper_length_mm": 181}"#;

/// Those of a row for a linear classifier of four features.
const OF_A_ROW: [&str; 8] = [
    "what is told of the request along its way",
    "the columns of the row",
    "for each column, whether it was seen",
    "the probabilities",
    "the predictions, of which there is one",
    "the body of the answer",
    "that body as bytes that are shared with whoever sends them",
    "the identifier of the request as a header",
];

/// Those of how long the model took, as a header: made once for each microsecond below 64, and each time beyond.
const OF_ITS_TIME: [&str; 2] = ["the text", "the text as bytes that are shared"];

fn request(path: &str) -> Request {
    TestRequest::post().uri(path).insert_header(("content-type", "application/json")).set_payload(ROW).to_request()
}

/// A sample model that runs on the thread of its request, however long that took on a busy machine when it was loaded.
fn model_for_this_thread(folder: &Path) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/penguins");
    fs::create_dir_all(folder.join("1")).unwrap();
    fs::copy(sample.join("1/model.onnx"), folder.join("1/model.onnx")).unwrap();
    let manifest = fs::read_to_string(sample.join("model.toml")).unwrap();
    fs::write(folder.join("model.toml"), format!("{manifest}\n[serving]\nmode = \"inline\"\n")).unwrap();
}

#[actix_web::test]
async fn a_row_costs_these_allocations() {
    let folder = tempfile::tempdir().unwrap();
    let (models, tasks) = (folder.path().join("models"), folder.path().join("tasks.db"));
    model_for_this_thread(&models.join("penguins"));
    let paths = [("MODEL_PATH", models.as_path()), ("TASKS__PATH", tasks.as_path())];
    let mut environment = paths.map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned())).to_vec();
    environment.push(("MODELS__TRIAL".to_owned(), "false".to_owned()));
    let config =
        Config::from_sources(&Sources { environment: environment.into_iter().collect(), ..Sources::default() })
            .unwrap();
    let parts = parts(&config, engines::loaders(), Reporting::default()).await.unwrap();
    let state = Data::new(State::new(&config, parts));
    state.service.load("penguins").wait().unwrap();
    let around = Around::new(state.clone(), Listener::Main);
    let app = application(&state, "test");
    let service = answering(Rc::clone(&around), app).new_service(()).await.unwrap();
    for path in ["/predict/1", "/models/penguins/versions/1/predict"] {
        let answered = async || {
            let response = service.call(request(path)).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
        };
        // The first one finds the way, and the second one fills what is used again.
        answered().await;
        answered().await;
        let asked = request(path);
        let counted = measure(|| drop(service.call(asked).now_or_never().expect("nothing to wait for")));
        let times = counted.count_total.saturating_sub(OF_A_ROW.len() as u64);
        assert!([0, OF_ITS_TIME.len() as u64].contains(&times), "{path}: {counted:?} for {OF_A_ROW:#?}");
    }
}
