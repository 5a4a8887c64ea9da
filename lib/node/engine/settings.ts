/** The settings of the layer below the features. */
export interface NodeSettings {
  readonly id: string;
  readonly members: readonly string[];
  readonly sessionTtl: number;
  readonly timeout: number;
  /** The singletons that this node can run, by the ids of their specs. */
  readonly hosts: readonly { readonly id: string }[];
  readonly maxValueBytes: number;
  readonly maxKeys: number;
  readonly maxBytes: number;
  readonly clients: boolean;
  readonly maxSessionTtl: number;
  readonly afterMajorityLoss: "restart" | "wait";
}
