//! The control surface under `/_control`: clock, faults, revocation, requests seen.
