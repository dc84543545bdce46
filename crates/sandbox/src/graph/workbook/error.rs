//! Errors of the workbook API: two levels, the second is what clients act on.
//!
//! Codes: Microsoft, "Error handling for Excel APIs in Microsoft Graph". That page gives no status for the second
//! level; the statuses here are those of the first.

use http::StatusCode;

use crate::files::workbook::{BookError, SessionError};
use crate::graph::reply::GraphError;

fn two_levels(
    status: StatusCode,
    code: &'static str,
    inner: &'static str,
    message: impl Into<String>,
) -> GraphError {
    let message = message.into();
    GraphError { status, code, message: message.clone(), inner: Some((inner, message)), location: None }
}

pub(super) fn of_book(error: BookError) -> GraphError {
    let message = error.to_string();
    match error {
        BookError::NotFound => two_levels(StatusCode::NOT_FOUND, "resourceNotFound", "itemNotFound", message),
        BookError::Exists => two_levels(StatusCode::CONFLICT, "conflict", "itemAlreadyExists", message),
        BookError::Invalid(_) => {
            two_levels(StatusCode::BAD_REQUEST, "invalidRequest", "invalidArgument", message)
        }
        BookError::TooManyCells => {
            two_levels(StatusCode::BAD_REQUEST, "invalidRequest", "rangeExceedsLimit", message)
        }
        BookError::Reference => {
            two_levels(StatusCode::BAD_REQUEST, "invalidRequest", "invalidReference", message)
        }
        BookError::Shift(_) => two_levels(StatusCode::CONFLICT, "conflict", "insertDeleteConflict", message),
        BookError::Unreadable => unsupported_workbook(),
        BookError::Calculation(_) | BookError::Unwritable(_) => {
            tracing::warn!(%message, "a workbook call failed inside the sandbox");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            two_levels(status, "internalServerError", "internalServerErrorUncategorized", message)
        }
    }
}

pub(super) fn of_session(error: SessionError) -> GraphError {
    match error {
        SessionError::NotFound => two_levels(
            StatusCode::NOT_FOUND,
            "resourceNotFound",
            "invalidSessionNotFound",
            "The session specified in the request does not exist or is invalid due to a transient error.",
        ),
        SessionError::Expired => two_levels(
            StatusCode::BAD_REQUEST,
            "invalidRequest",
            "invalidSessionReCreatable",
            "The session specified in the request has expired; create a new one.",
        ),
        SessionError::TooMany => two_levels(
            StatusCode::TOO_MANY_REQUESTS,
            "tooManyRequests",
            "tooManyRequestsUncategorized",
            "There are too many sessions on this workbook.",
        ),
    }
}

pub(super) fn invalid_argument() -> GraphError {
    let message = "The argument is invalid or missing or has an incorrect format.";
    two_levels(StatusCode::BAD_REQUEST, "invalidRequest", "invalidArgument", message)
}

pub(super) fn unsupported_workbook() -> GraphError {
    let message = "The specified file is not a workbook that the service can open.";
    two_levels(StatusCode::BAD_REQUEST, "invalidRequest", "unsupportedWorkbook", message)
}

pub(super) fn too_large() -> GraphError {
    let message = "The request size exceeds the maximum limit.";
    two_levels(StatusCode::PAYLOAD_TOO_LARGE, "requestSizeExceeded", "requestSizeExceeded", message)
}

/// What Excel says to an app-only token where it refuses one.
pub(super) fn no_wac_token() -> GraphError {
    let message = "Could not obtain a WAC access token.";
    two_levels(StatusCode::FORBIDDEN, "AccessDenied", "FileOpenUserUnauthorized", message)
}
