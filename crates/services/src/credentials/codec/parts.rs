//! How the parts that do not serialise by themselves are written. Each module is for `#[serde(with = "…")]`.

/// A secret, as text.
pub(super) mod secret {
    use domain::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::from)
    }
}

/// A secret that may be absent.
pub(super) mod maybe_secret {
    use domain::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::from))
    }
}

/// An answer, as it came.
pub(super) mod raw {
    use domain::credentials::RawAnswer;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(raw: &RawAnswer, to: S) -> Result<S::Ok, S::Error> {
        raw.0.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RawAnswer, D::Error> {
        serde_json::Map::deserialize(from).map(RawAnswer)
    }
}

/// Submitted fields, as a list of pairs: their order is the form's.
pub(super) mod fields {
    use domain::Secret;
    use domain::credentials::FormFields;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(fields: &FormFields, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(fields.iter().map(|(name, value)| (name, value.expose())))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FormFields, D::Error> {
        let pairs = Vec::<(String, String)>::deserialize(from)?;
        Ok(pairs.into_iter().map(|(name, value)| (name, Secret::from(value))).collect())
    }
}

/// A connection's own client: `client_id` and `client_secret` beside the tokens, absent together.
pub(super) mod flat_client {
    use domain::credentials::ClientOverride;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    struct Written<'a> {
        client_id: Option<&'a str>,
        client_secret: Option<&'a str>,
    }

    #[derive(Deserialize)]
    struct Read {
        #[serde(default)]
        client_id: Option<String>,
        #[serde(default)]
        client_secret: Option<String>,
    }

    pub(in super::super) fn serialize<S: Serializer>(
        client: &Option<ClientOverride>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        Written {
            client_id: client.as_ref().map(|client| client.client_id.as_str()),
            client_secret: client.as_ref().map(|client| client.client_secret.expose()),
        }
        .serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<ClientOverride>, D::Error> {
        let read = Read::deserialize(from)?;
        Ok(read.client_id.zip(read.client_secret).map(|(client_id, client_secret)| ClientOverride {
            client_id,
            client_secret: client_secret.into(),
        }))
    }
}

/// Wraps a mirror of a domain type for places where that type is optional.
macro_rules! optional {
    ($name:ident, $mirror:literal, $type:ty) => {
        pub(super) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize)]
            struct Written<'a>(#[serde(with = $mirror)] &'a $type);
            #[derive(Deserialize)]
            struct Read(#[serde(with = $mirror)] $type);

            pub(in super::super) fn serialize<S: Serializer>(
                value: &Option<$type>,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                value.as_ref().map(Written).serialize(to)
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<Option<$type>, D::Error> {
                Ok(Option::<Read>::deserialize(from)?.map(|read| read.0))
            }
        }
    };
}

optional!(maybe_user, "super::super::stored::OAuth2", domain::credentials::OAuth2Credentials);
optional!(maybe_registered, "super::super::stored::Registered", domain::credentials::RegisteredClient);
