use domain::Sealed;

use super::*;

const PLACE: Place<'static> = Place { table: "connections", row: "7f0c", column: "credentials" };

fn key(fill: u8) -> KeyMaterial {
    use base64::Engine as _;
    KeyMaterial::parse(&base64::engine::general_purpose::STANDARD.encode([fill; 32])).unwrap()
}

fn vault(fills: &[u8]) -> Vault {
    Vault::new(Keyring::new(fills.iter().map(|fill| key(*fill)).collect()).unwrap())
}

#[test]
fn what_is_sealed_opens_at_its_place_only() {
    let vault = vault(&[1]);
    let sealed = vault.seal(&PLACE, b"refresh-token").unwrap();
    assert_eq!(vault.open(&PLACE, &sealed).unwrap().as_slice(), b"refresh-token");
    for moved in [
        Place { table: "integrations", ..PLACE },
        Place { row: "7f0d", ..PLACE },
        Place { column: "other", ..PLACE },
        Place { table: "connection", row: "s7f0c", ..PLACE },
    ] {
        assert_eq!(vault.open(&moved, &sealed).unwrap_err(), VaultError::Damaged);
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    let vault = vault(&[1]);
    let sealed = vault.seal(&PLACE, b"x").unwrap();
    for index in 0..sealed.as_bytes().len() {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[index] ^= 1;
        assert!(vault.open(&PLACE, &Sealed::from_bytes(bytes)).is_err(), "byte {index}");
        let cut = sealed.as_bytes()[..index].to_vec();
        assert!(vault.open(&PLACE, &Sealed::from_bytes(cut)).is_err(), "cut at {index}");
    }
}

#[test]
fn a_missing_key_is_named() {
    let sealed = vault(&[1]).seal(&PLACE, b"x").unwrap();
    let error = vault(&[2]).open(&PLACE, &sealed).unwrap_err();
    assert_eq!(error, VaultError::UnknownKey(key(1).id()));
    assert!(error.to_string().contains(&key(1).id().to_string()));
    assert_eq!(key(1).id().to_string().len(), 16);
}

#[test]
fn the_first_key_seals_and_all_open() {
    let old = vault(&[1]);
    let sealed = old.seal(&PLACE, b"x").unwrap();
    let both = vault(&[2, 1]);
    assert!(both.needs_reseal(&sealed).unwrap());
    let resealed = both.reseal(&PLACE, &sealed).unwrap();
    assert!(!both.needs_reseal(&resealed).unwrap());
    assert_eq!(vault(&[2]).open(&PLACE, &resealed).unwrap().as_slice(), b"x");
}

#[test]
fn the_same_text_is_sealed_differently_each_time_and_never_stands_in_the_envelope() {
    let vault = vault(&[1]);
    let first = vault.seal(&PLACE, b"clear-text-secret").unwrap();
    assert_ne!(first, vault.seal(&PLACE, b"clear-text-secret").unwrap());
    assert!(!first.as_bytes().windows(5).any(|window| window == b"clear"));
    assert_eq!(vault.open(&PLACE, &vault.seal(&PLACE, b"").unwrap()).unwrap().len(), 0);
}

#[test]
fn the_check_value_refuses_a_wrong_ring() {
    let check = vault(&[1]).check_value().unwrap();
    vault(&[2, 1]).verify_check_value(&check).unwrap();
    assert_eq!(vault(&[2]).verify_check_value(&check).unwrap_err(), VaultError::UnknownKey(key(1).id()));
    assert_eq!(vault(&[1]).verify_check_value("?").unwrap_err(), VaultError::Damaged);
    assert!(vault(&[2, 1]).check_value_is_old(&check).unwrap());
    assert!(!vault(&[1, 2]).check_value_is_old(&check).unwrap());
}

#[test]
fn keys_are_parsed_strictly_and_never_shown() {
    assert_eq!(KeyMaterial::parse("short").unwrap_err(), KeyError::Format);
    assert_eq!(KeyMaterial::parse("").unwrap_err(), KeyError::Format);
    let generated = KeyMaterial::generate().unwrap();
    let text = generated.to_base64();
    assert_eq!(KeyMaterial::parse(&format!(" {}\n", *text)).unwrap().id(), generated.id());
    assert!(!format!("{generated:?}").contains(&text[..8]));
    assert_eq!(Keyring::new(vec![]).unwrap_err(), KeyError::Empty);
    assert!(matches!(Keyring::new(vec![key(1), key(1)]), Err(KeyError::Twice(_))));
}

#[test]
fn other_formats_are_refused_by_number() {
    let error = vault(&[1]).open(&PLACE, &Sealed::from_bytes(vec![9; 60])).unwrap_err();
    assert_eq!(error, VaultError::UnknownVersion(9));
}

#[test]
fn a_key_is_learnt_first_and_seals_later() {
    let old = vault(&[1]);
    let (first, second) = (key(1).id(), key(2).id());
    let before = old.seal(&PLACE, b"x").unwrap();
    assert_eq!(old.seal_with(second).unwrap_err(), VaultError::UnknownKey(second));
    let shared = old.clone();
    assert_eq!(old.learn(&key(2)).unwrap(), second);
    old.learn(&key(2)).unwrap();
    assert_eq!((shared.sealing_key(), shared.known_keys()), (first, vec![first, second]));
    shared.seal_with(second).unwrap();
    assert_eq!(old.known_keys(), vec![second, first]);
    let after = old.reseal(&PLACE, &before).unwrap();
    assert!(old.needs_reseal(&before).unwrap() && !old.needs_reseal(&after).unwrap());
    assert_eq!(vault(&[2]).open(&PLACE, &after).unwrap().as_slice(), b"x");
    assert_eq!(KeyId::parse(&second.to_string()), Some(second));
    assert!(KeyId::parse("00").is_none() && KeyId::parse("+123456789abcdef").is_none());
}
