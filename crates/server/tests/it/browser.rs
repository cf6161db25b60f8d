//! The documentation pages in a real browser with the network cut off.

use serde_json::Value;

use crate::server::{TestServer, all_samples, shared};
use crate::webdriver::Browser;

/// Everything that the page loaded, by address.
fn loaded(browser: &Browser) -> Vec<String> {
    let script = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let names = browser.run(script);
    names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn swagger_ui_shows_every_operation_and_tries_one_out() {
    let document = shared().client().get("/openapi.json").json();
    let paths = document["paths"].as_object().expect("paths").values();
    let operations: usize = paths.map(|item| item.as_object().map_or(0, serde_json::Map::len)).sum();
    let browser = Browser::start();
    let origin = format!("http://{}", shared().address);
    browser.open(&format!("{origin}/docs"));
    browser.wait_for(&format!("return document.querySelectorAll('.opblock').length === {operations}"));

    let operation = "#operations-penguins-predict_penguins";
    browser.click(&format!("{operation} .opblock-summary-control"));
    browser.click(&format!("{operation} .try-out__btn"));
    browser.click(&format!("{operation} .execute"));
    let status = browser.wait_for(&format!(
        "return document.querySelector('{operation} .live-responses-table tbody .response-col_status')?.innerText.trim() || null"
    ));
    assert!(status.as_str().is_some_and(|status| status.starts_with("200")), "{status}");
    let answer = browser.wait_for(&format!(
        "return document.querySelector('{operation} .live-responses-table tbody .response-col_description')?.innerText || null"
    ));
    let answer = answer.as_str().expect("text");
    for part in ["\"prediction\": 0", "\"label\": \"Adelie\"", "\"status\": \"success\""] {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
    for address in loaded(&browser) {
        assert!(address.starts_with(&origin) || address.starts_with("data:"), "{address}");
    }
}

#[test]
fn swagger_ui_sends_a_picture_that_a_person_picks() {
    let server = TestServer::start(&all_samples(), &[], ferrocast_server::loaders());
    let picture = all_samples().join("../docs/images/chelsea.png").canonicalize().expect("the photograph");
    let browser = Browser::start();
    browser.open(&format!("http://{}/docs", server.address));
    for operation in ["#operations-default_model-predict_image", "#operations-imagenet-predict_image_imagenet"] {
        browser.click(&format!("{operation} .opblock-summary-control"));
        browser.click(&format!("{operation} .try-out__btn"));
        browser.choose_file(&format!("{operation} input[type=file]"), &picture);
        browser.click(&format!("{operation} .execute"));
        let answer = browser.wait_for(&format!(
            "return document.querySelector('{operation} .live-responses-table tbody .response-col_description')?.innerText || null"
        ));
        let answer = answer.as_str().expect("text");
        assert!(answer.contains("\"predicted_class\": \"tiger cat\""), "{answer}");
    }
}

#[test]
fn redoc_renders() {
    let browser = Browser::start();
    browser.open(&format!("http://{}/redoc", shared().address));
    browser.wait_for("return document.body.innerText.includes('Predict one row with penguins in its latest version')");
    for text in ["bill_length_mm", "flipper_length_mm", "List all models with the state of every version"] {
        assert!(browser.text().contains(text), "no {text}");
    }
}
