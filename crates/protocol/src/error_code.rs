//! The one table of everything that can go wrong for a client: wire code, HTTP status, `type` and meaning. The
//! mapping from domain errors to these codes is the server's; every dialect renders them, none adds its own.

/// Expands the table below into [`ErrorCode`] and its accessors, so that a row can neither be forgotten nor contradict
/// another one.
macro_rules! error_codes {
    ($( #[doc = $meaning:literal] $variant:ident = $code:literal, $status:literal, $kind:ident; )+) => {
        /// What went wrong, as a word that a client program can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $( #[doc = $meaning] $variant, )+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$( ErrorCode::$variant, )+];

            /// The stable word on the wire, `error_code` in the body: `"VALIDATION_ERROR"`.
            pub const fn as_str(self) -> &'static str {
                match self { $( ErrorCode::$variant => $code, )+ }
            }

            /// The HTTP status, always in 400..=599.
            pub const fn status(self) -> u16 {
                match self { $( ErrorCode::$variant => $status, )+ }
            }

            /// The family, `type` in the body: `"validation_error"`.
            pub const fn error_type(self) -> &'static str {
                match self { $( ErrorCode::$variant => stringify!($kind), )+ }
            }

            /// One sentence for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $( ErrorCode::$variant => $meaning.trim_ascii(), )+ }
            }
        }
    };
}

// A new code is worth its row only if a client would act differently on it; `details` carry everything finer.
error_codes! {
    /// The request was understood, but some of its values are not what the model accepts; `details` lists all of them.
    Validation = "VALIDATION_ERROR", 422, validation_error;
    /// The body is not valid JSON; `details` names the byte where reading stopped.
    MalformedBody = "MALFORMED_BODY", 422, validation_error;
    /// A header, a path or the transfer of the body is broken, so the request could not be read to its end.
    BadRequest = "BAD_REQUEST", 400, request_error;
    /// The batch holds more instances than the server accepts in one request; split it.
    BatchTooLarge = "BATCH_TOO_LARGE", 400, request_error;
    /// The file is no picture that the server reads: it is none, or of another format than PNG, JPEG and WebP.
    NotAnImage = "NOT_AN_IMAGE", 400, request_error;
    /// The picture is damaged, animated or only a line, so that nothing can be told about it.
    ImageUndecodable = "IMAGE_UNDECODABLE", 422, request_error;
    /// The model takes another kind of input: pictures where rows were sent, or rows where a picture was.
    InputMismatch = "INPUT_MISMATCH", 400, request_error;
    /// There is no valid key with the request: send one as `Authorization: Bearer …` or `X-API-Key`.
    Unauthenticated = "UNAUTHENTICATED", 401, auth_error;
    /// The key is valid, but not for this path.
    Forbidden = "FORBIDDEN", 403, auth_error;
    /// No model of this name is being served.
    ModelNotFound = "MODEL_NOT_FOUND", 404, request_error;
    /// The model exists, but not in this version or under this alias.
    VersionNotFound = "VERSION_NOT_FOUND", 404, request_error;
    /// No task of this name is known: it never was, it ended too long ago, or it is somebody else's.
    TaskNotFound = "TASK_NOT_FOUND", 404, request_error;
    /// What is asked for does not fit the state of things, such as calling off a task that has ended.
    Conflict = "CONFLICT", 409, request_error;
    /// The address in `callback_url` is one to which the server does not send.
    CallbackRefused = "CALLBACK_REFUSED", 422, request_error;
    /// Another task was handed in under this `Idempotency-Key`.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 422, request_error;
    /// The server has no such path.
    RouteNotFound = "NOT_FOUND", 404, request_error;
    /// The path exists, but not for this method; the `Allow` header lists those that it has.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, request_error;
    /// The client took too long to send the body.
    RequestTimeout = "REQUEST_TIMEOUT", 408, request_error;
    /// The body is larger than the server accepts.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, request_error;
    /// The headers of the request are larger than the server accepts, all of them together.
    HeadersTooLarge = "HEADERS_TOO_LARGE", 431, request_error;
    /// The body's content type or encoding is not one that this path reads.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, request_error;
    /// The server is at capacity; send the same request again after `Retry-After` seconds.
    Overloaded = "OVERLOADED", 429, overload_error;
    /// This key or address sends more than it may, or too many wrong keys; send the request again after `Retry-After` seconds.
    RateLimited = "RATE_LIMITED", 429, overload_error;
    /// So many loads of models wait that no more is taken; ask again after `Retry-After` seconds.
    LoaderBusy = "LOADER_BUSY", 429, overload_error;
    /// The model is known but not able to answer: still loading, or its loading failed.
    ModelNotReady = "MODEL_NOT_READY", 503, model_error;
    /// Tasks cannot be stored or looked up now; predictions that are answered at once are not affected.
    TaskStoreUnavailable = "JOB_STORE_UNAVAILABLE", 503, overload_error;
    /// As many tasks are stored as may be; hand it in again after `Retry-After` seconds.
    TaskStoreFull = "JOB_STORE_FULL", 503, overload_error;
    /// The server is stopping and takes no new work; another instance will.
    ShuttingDown = "SHUTTING_DOWN", 503, model_error;
    /// The answer was not there within the time that the request had; what had not begun does not run.
    DeadlineExceeded = "DEADLINE_EXCEEDED", 504, overload_error;
    /// The model failed on input that had passed validation.
    Inference = "MODEL_ERROR", 500, model_error;
    /// The model's engine crashed on this request; the server contained it and goes on serving.
    EnginePanic = "ENGINE_PANIC", 500, model_error;
    /// The model answered with a number that is not finite (NaN or infinity), which JSON cannot carry.
    NonFiniteOutput = "NON_FINITE_OUTPUT", 500, model_error;
    /// A fault of the server itself; its log has the cause under the `request_id` of the answer.
    Internal = "INTERNAL_ERROR", 500, internal_error;
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The table as Markdown, for the error reference in the documentation. Ends with a line break.
pub fn error_table_markdown() -> String {
    let row =
        |code: &ErrorCode| format!("| `{code}` | {} | `{}` | {} |\n", code.status(), code.error_type(), code.meaning());
    let head = "| `error_code` | Status | `type` | Meaning |\n|---|---|---|---|\n".to_owned();
    std::iter::once(head).chain(ErrorCode::ALL.iter().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ErrorCode, error_table_markdown};

    #[test]
    fn codes_are_unique_words_in_capitals() {
        let words: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase())));
    }

    #[test]
    fn every_row_is_an_error_with_a_type_and_a_sentence() {
        for &code in ErrorCode::ALL {
            assert!((400..=599).contains(&code.status()), "{code}");
            assert!(code.error_type().ends_with("_error"), "{code}");
            assert!(code.meaning().ends_with('.') && !code.meaning().starts_with(' '), "{code}");
        }
    }

    #[test]
    fn the_markdown_table_has_a_row_per_code() {
        let table = error_table_markdown();
        assert_eq!(table.lines().count(), ErrorCode::ALL.len() + 2);
        assert!(table.contains("| `VERSION_NOT_FOUND` | 404 | `request_error` | The model exists,"), "{table}");
    }
}
