//! The model that a path means: `model` and `version` of its template, each optional.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apistos::paths::{Examples, Parameter, ParameterDefinition, ParameterIn};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, InstanceType, Schema, SchemaObject};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{CallOptions, Deployment, ModelRef, ResolveError, ServeError};

use crate::error::Failure;
use crate::extract::body::state;
use crate::extract::deadline;
use crate::extract::request_head::RequestHead;
use crate::lap::Lap;
use crate::middleware::request_context::RequestContext;
use crate::question::RowsAsked;
use crate::state::State;

/// A body of so many bytes usually arrives together with the head.
const SMALL_BODY: usize = 64 << 10;

/// A deployment that is ready to predict. `P` names the parameters of the path, for the API description.
///
/// A request with a large body may be turned away here, before the body is read. A small one is worth reading: the
/// connection can then go on after a refusal.
#[derive(Debug)]
pub(crate) struct Model<P> {
    context: Rc<RequestContext>,
    deployment: Arc<Deployment>,
    deadline: Instant,
    path: PhantomData<P>,
}

impl<P> Deref for Model<P> {
    type Target = Deployment;

    fn deref(&self) -> &Deployment {
        &self.deployment
    }
}

impl<P: PathNames> FromRequest for Model<P> {
    type Error = Failure;
    type Future = Ready<Result<Model<P>, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(accept(request))
    }
}

impl<P> Model<P> {
    /// The one that a request's path means, for a request that may wait for it until then.
    pub(crate) fn of(context: Rc<RequestContext>, deployment: Arc<Deployment>, deadline: Instant) -> Model<P> {
        context.note_model(&deployment);
        Model { context, deployment, deadline, path: PhantomData }
    }

    /// Says that rows are asked for.
    pub(crate) fn note_rows(&self, rows: RowsAsked) {
        self.context.note_rows(rows);
    }

    /// How the request wants to be served.
    pub(crate) fn options(&self) -> CallOptions {
        CallOptions { deadline: Some(self.deadline), ..CallOptions::default() }
    }

    /// The deployment, to be used elsewhere.
    pub(crate) fn shared(&self) -> Arc<Deployment> {
        Arc::clone(&self.deployment)
    }

    /// Reads a request to the model, which whoever counts what it does hears of.
    pub(crate) fn parse<T>(&self, parse: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let parsed = parse();
        self.parsed_since(began);
        parsed
    }

    /// The same of what was begun before.
    pub(crate) fn parsed_since(&self, began: Instant) {
        let lap = Lap::since(began);
        self.deployment.observer().parsed(lap.took());
        self.context.note(|phases| phases.parsed = Some(lap));
    }

    /// The same, to borrow.
    pub(crate) fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }
}

fn accept<P: PathNames>(request: &HttpRequest) -> Result<Model<P>, Failure> {
    let state = state(request)?;
    let context = RequestContext::of(request)?;
    let head = RequestHead::of(&context, request.headers(), state)?;
    let deployment = match P::TAKEN {
        Taken::Rows => of_rows(request, state),
        Taken::Pictures => of_pictures(request, state),
        Taken::Tensors => resolve(request, state),
        Taken::Tasks => of_tasks(request, state),
    }?;
    let model = Model::of(context, deployment, head.deadline());
    if is_large(&head) {
        // There is room now, whoever has it when the body has been read.
        drop(state.service.admit(&model)?);
    }
    Ok(model)
}

/// Whether the body is larger than what usually arrives together with the head, or of unknown size.
fn is_large(head: &RequestHead) -> bool {
    head.length.is_none_or(|length| length > SMALL_BODY)
}

/// The model for a row. One of pictures is refused before the body is read.
fn of_rows(request: &HttpRequest, state: &State) -> Result<Arc<Deployment>, Failure> {
    let deployment = resolve(request, state)?;
    match deployment.pipeline().takes_pictures() {
        true => Err(ServeError::TakesPictures { model: deployment.model().to_owned() }.into()),
        false => Ok(deployment),
    }
}

/// The model for a picture, which need not be the default model if the path names none.
fn of_pictures(request: &HttpRequest, state: &State) -> Result<Arc<Deployment>, Failure> {
    if wanted(request).name.is_none() {
        return state.service.image_model().ok_or_else(|| {
            let message = "Model not loaded: no model of pictures is ready";
            ApiError::new(ErrorCode::ModelNotReady, message).into()
        });
    }
    let deployment = resolve(request, state)?;
    match deployment.pipeline().takes_pictures() {
        true => Ok(deployment),
        false => Err(ServeError::TakesRows { model: deployment.model().to_owned() }.into()),
    }
}

/// The model for a task: where the path names none, one of pictures for a form.
fn of_tasks(request: &HttpRequest, state: &State) -> Result<Arc<Deployment>, Failure> {
    if is_form(request) { of_pictures(request, state) } else { resolve(request, state) }
}

/// Whether the model for a task is known and takes rows.
pub(crate) fn takes_rows(request: &HttpRequest) -> bool {
    let model = state(request).and_then(|state| of_tasks(request, state));
    model.is_ok_and(|model| !model.pipeline().takes_pictures())
}

/// Whether the body is a form, which holds a picture.
pub(crate) fn is_form(request: &HttpRequest) -> bool {
    request.content_type().eq_ignore_ascii_case("multipart/form-data")
}

fn resolve(request: &HttpRequest, state: &State) -> Result<Arc<Deployment>, Failure> {
    let wanted = wanted(request);
    state.service.model(wanted).map_err(|error| match error {
        // Nothing that the client could spell better: the server has no default model.
        ServeError::Resolve(ResolveError::UnknownModel { .. }) if wanted.name.is_none() => {
            ApiError::new(ErrorCode::ModelNotReady, "Model not loaded: there is no default model").into()
        }
        error => error.into(),
    })
}

/// The names in the path, as they stand there.
pub(crate) fn wanted(request: &HttpRequest) -> ModelRef<'_> {
    let path = request.match_info();
    ModelRef { name: path.get("model"), version: path.get("version") }
}

/// The parameters of a path template.
pub(crate) trait PathNames {
    /// In the order of the template.
    const NAMES: &'static [&'static str];
    /// What is sent there.
    const TAKEN: Taken = Taken::Rows;
}

/// What is sent to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Rows,
    Pictures,
    /// What any model takes in the end.
    Tensors,
    /// What the model takes, to be predicted later.
    Tasks,
}

/// Neither: the default model in its latest version.
#[derive(Debug)]
pub(crate) struct Flat;
/// `{version}` of the default model.
#[derive(Debug)]
pub(crate) struct Versioned;
/// `{model}`.
#[derive(Debug)]
pub(crate) struct Named;
/// `{model}` and `{version}`.
#[derive(Debug)]
pub(crate) struct NamedVersion;
/// `{model}` and `{alias}`.
#[derive(Debug)]
pub(crate) struct NamedAlias;
/// Neither: the default model of pictures in its latest version.
#[derive(Debug)]
pub(crate) struct FlatPictures;
/// `{model}`, which takes pictures.
#[derive(Debug)]
pub(crate) struct NamedPictures;
/// `{model}`, whatever it takes.
#[derive(Debug)]
pub(crate) struct NamedTensors;

/// Neither: the default model, or that of pictures.
#[derive(Debug)]
pub(crate) struct FlatTask;
/// `{model}`, and `{version}` if there is one.
#[derive(Debug)]
pub(crate) struct NamedTask;
/// `{task_id}`.
#[derive(Debug)]
pub(crate) struct OneTask;

impl PathNames for FlatTask {
    const NAMES: &'static [&'static str] = &[];
    const TAKEN: Taken = Taken::Tasks;
}
impl PathNames for NamedTask {
    const NAMES: &'static [&'static str] = &["model"];
    const TAKEN: Taken = Taken::Tasks;
}
/// `{model}` and `{task_id}`.
#[derive(Debug)]
pub(crate) struct TaskOfModel;

impl PathNames for TaskOfModel {
    const NAMES: &'static [&'static str] = &["model", "task_id"];
}
impl PathNames for OneTask {
    const NAMES: &'static [&'static str] = &["task_id"];
}
impl PathNames for Flat {
    const NAMES: &'static [&'static str] = &[];
}
impl PathNames for Versioned {
    const NAMES: &'static [&'static str] = &["version"];
}
impl PathNames for Named {
    const NAMES: &'static [&'static str] = &["model"];
}
impl PathNames for NamedVersion {
    const NAMES: &'static [&'static str] = &["model", "version"];
}

impl PathNames for NamedAlias {
    const NAMES: &'static [&'static str] = &["model", "alias"];
}

impl PathNames for FlatPictures {
    const NAMES: &'static [&'static str] = &[];
    const TAKEN: Taken = Taken::Pictures;
}
impl PathNames for NamedPictures {
    const NAMES: &'static [&'static str] = &["model"];
    const TAKEN: Taken = Taken::Pictures;
}
impl PathNames for NamedTensors {
    const NAMES: &'static [&'static str] = &["model"];
    const TAKEN: Taken = Taken::Tensors;
}

impl<P: PathNames> ApiComponent for Model<P> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn parameters() -> Vec<Parameter> {
        let path = P::NAMES.iter().map(|name| parameter(name));
        path.chain([deadline::parameter()]).collect()
    }
}

/// Takes nothing out of a request: it stands for the path's parameters in the API description.
#[derive(Debug)]
pub(crate) struct PathParameters<P>(PhantomData<P>);

impl<P> FromRequest for PathParameters<P> {
    type Error = Failure;
    type Future = Ready<Result<PathParameters<P>, Failure>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(PathParameters(PhantomData)))
    }
}

impl<P: PathNames> ApiComponent for PathParameters<P> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn parameters() -> Vec<Parameter> {
        P::NAMES.iter().map(|name| parameter(name)).collect()
    }
}

/// A name in the path as the API description has it.
pub(crate) fn parameter(name: &str) -> Parameter {
    let (description, example) = match name {
        "version" => ("A version such as `2` or `v2`, an alias, or `latest`", Some("latest")),
        "task_id" => ("What `/predict_async` has answered", None),
        "alias" => ("A second name for a version; `default` is what a request without a version means", Some("stable")),
        _ => ("The name of a model, as in `GET /models`", None),
    };
    let text = SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() };
    Parameter {
        name: name.to_owned(),
        _in: ParameterIn::Path,
        description: Some(description.to_owned()),
        required: Some(true),
        example: example.map(|example| Examples::Example(example.into())),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::Object(text).into()))),
        ..Parameter::default()
    }
}
