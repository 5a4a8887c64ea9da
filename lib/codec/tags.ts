/** The CBOR tags of values and keys; frames use none. */

/** Seconds since 1970: a Date. */
export const TAG_DATE: number = 1;
/** A non-negative bigint. */
export const TAG_BIGINT: number = 2;
/** A negative bigint `n`, as the bytes of `-1 - n`. */
export const TAG_NEGATIVE_BIGINT: number = 3;
/** A Set, as an array. */
export const TAG_SET: number = 258;
/** A Map, as a map; a plain object is a map without a tag. */
export const TAG_MAP: number = 259;
/** A string with lone surrogates, as bytes in WTF-8. */
export const TAG_WTF8: number = 273;
