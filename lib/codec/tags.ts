/** The tags of CBOR that values and keys use; frames use none. */

/** Seconds since 1970: a Date. */
export const TAG_DATE: number = 1;
/** A bigint that is not negative. */
export const TAG_BIGINT: number = 2;
/** A negative bigint `n`, as the bytes of `-1 - n`. */
export const TAG_NEGATIVE_BIGINT: number = 3;
/** An array that is a Set. */
export const TAG_SET: number = 258;
/** A map that is a Map, and not a plain object. */
export const TAG_MAP: number = 259;
/** Bytes that are WTF-8: a string with lone surrogates. */
export const TAG_WTF8: number = 273;
