//! SharePoint's errors.

use http::StatusCode;

use crate::files::FileError;
use crate::sites::{EditError, FieldError, Throttled};

/// An error with SharePoint's code; the flavour of the answer decides its form.
#[derive(Debug)]
pub(super) struct SpError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
}

pub(super) type Outcome<T> = Result<T, SpError>;

const CLIENT: &str = "Microsoft.SharePoint.Client";

impl SpError {
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A URL, query or body that cannot be understood.
    pub fn bad_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("-1, {CLIENT}.InvalidClientQueryException"), message)
    }

    pub fn no_field(name: &str) -> Self {
        Self::bad_query(format!("The field or property '{name}' does not exist."))
    }

    pub fn no_resource(name: &str) -> Self {
        let message = format!("Cannot find resource for the request {name}.");
        Self::new(StatusCode::NOT_FOUND, format!("-1, {CLIENT}.ResourceNotFoundException"), message)
    }

    pub fn no_list(title: &str, site: &str) -> Self {
        let message = format!("List '{title}' does not exist at site with URL '{site}'.");
        Self::new(StatusCode::NOT_FOUND, "-1, System.ArgumentException", message)
    }

    pub fn no_item() -> Self {
        let message = "Item does not exist. It may have been deleted by another user.";
        Self::new(StatusCode::NOT_FOUND, "-2130575338, System.ArgumentException", message)
    }

    pub fn no_file(path: &str) -> Self {
        let message = format!("File Not Found: '{path}'.");
        Self::new(StatusCode::NOT_FOUND, "-2147024894, System.IO.FileNotFoundException", message)
    }

    pub fn locked() -> Self {
        let message = "The file is checked out for editing by another user.";
        Self::new(StatusCode::LOCKED, "-2147018894, Microsoft.SharePoint.SPFileLockException", message)
    }

    pub fn access_denied() -> Self {
        let message =
            "Access denied. You do not have permission to perform this action or access this resource.";
        Self::new(StatusCode::FORBIDDEN, "-2147024891, System.UnauthorizedAccessException", message)
    }

    pub fn bad_digest() -> Self {
        let message = "The security validation for this page is invalid and might be corrupted. Please use your web \
                       browser's Back button to try your operation again.";
        Self::new(StatusCode::FORBIDDEN, "-2130575251, Microsoft.SharePoint.SPException", message)
    }

    pub fn not_allowed() -> Self {
        let message = "The HTTP method cannot be used on this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("-1, {CLIENT}.ClientServiceException"), message)
    }
}

impl From<EditError> for SpError {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::NoList => Self::new(StatusCode::NOT_FOUND, "-1, System.ArgumentException", message),
            EditError::NoItem => Self::no_item(),
            EditError::Changed => {
                let etag = "The request ETag value does not match the object's ETag value.";
                Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    format!("-1, {CLIENT}.ClientServiceException"),
                    etag,
                )
            }
            EditError::Field(FieldError::Unknown(name)) => {
                Self::bad_query(format!("The property '{name}' does not exist on the list item type."))
            }
            EditError::Library => {
                Self::new(StatusCode::BAD_REQUEST, "-2130575305, Microsoft.SharePoint.SPException", message)
            }
            EditError::Field(_) => Self::bad_query(message),
        }
    }
}

impl From<FileError> for SpError {
    fn from(error: FileError) -> Self {
        let message = error.to_string();
        match error {
            FileError::NotFound => Self::no_file(""),
            FileError::NameTaken => {
                let message = "A file or folder with this name already exists.";
                Self::new(StatusCode::BAD_REQUEST, "-2130575257, Microsoft.SharePoint.SPException", message)
            }
            FileError::Invalid(_) => {
                Self::new(StatusCode::BAD_REQUEST, "-2130575245, Microsoft.SharePoint.SPException", message)
            }
            FileError::Storage(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "-2147024784, Microsoft.SharePoint.SPException",
                message,
            ),
        }
    }
}

impl From<Throttled> for SpError {
    fn from(_: Throttled) -> Self {
        let message = "The attempted operation is prohibited because it exceeds the list view threshold.";
        let code = "-2147024860, Microsoft.SharePoint.SPQueryThrottledException";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
    }
}
