/** What a worker prints, one line of JSON for each: the supervisor reads it. */
export type FromWorker =
  /** The life of its node, after the start and whenever it takes a new one. */
  | { readonly type: "life"; readonly life: string }
  /** It is the leader from now on. */
  | { readonly type: "leads"; readonly token: number };

/** The secret of this cluster, the same in all of its programs. In production it comes from a secret store. */
export const SECRET = "kQ7fN2rVx9TzLc4WmJ8hYb3GdPs6EaUo";

/** The id of the one member, which runs in the supervisor. */
export const MEMBER = "supervisor";
