// Which kind of problem a code is: codes of ours and of Entra ID (Microsoft, "Microsoft Entra authentication and
// authorization error codes"). A kind stands on a line of its own: the server reads this file too, for the pages that
// end a sign-in.
export const CODES = {
  network: "network",
  socket: "socket",
  ended: "unknown_connect_session_token invalid_connect_session_token_format missing_session_token",
  stranger: "stranger",
  none: "no_integration",
  mode: "auth_mode_err",
  page: "page",
  declined: "access_denied AADSTS65004",
  expired: "state_unknown state_expired state_other_browser no_state AADSTS50089 AADSTS54005 AADSTS70008 AADSTS501481 AADSTS700005",
  account: "unauthorized_client AADSTS16000 AADSTS50020 AADSTS50034 AADSTS90072 AADSTS50177 AADSTS500200 AADSTS500202",
  tenant: "wrong_tenant tenant_not_proved",
  policy: "AADSTS53000 AADSTS53001 AADSTS53002 AADSTS53003 AADSTS530003 AADSTS530032 AADSTS530035 AADSTS50158",
  approval: "consent_required AADSTS65001 AADSTS90094 AADSTS90095",
  assign: "AADSTS50105",
  locked: "AADSTS50053 AADSTS50055 AADSTS50057 AADSTS50126",
  verify: "interaction_required login_required AADSTS50072 AADSTS50074 AADSTS50076 AADSTS50078 AADSTS50079",
  busy: "temporarily_unavailable token_endpoint_unreachable AADSTS50033 AADSTS90006 AADSTS90024 AADSTS90033 AADSTS90055",
  refused: "invalid_body new_token_refused invalid_credentials invalid_connection_config connection_test_failed client_credentials_fetch_error two_step_credentials_fetch_error jwt_credentials_fetch_error bill_credentials_fetch_error",
} as const;

/** The kinds that a code leads to. */
export type CodedKind = keyof typeof CODES;
