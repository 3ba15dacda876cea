// Documents in forms that others gave them: their readers are not ours.

/** A node as Prometheus' HTTP service discovery takes it. */
export interface ScrapeTargetDocument {
  /** `host:port`. */
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface SpaceSensorDocument {
  readonly value: number;
  readonly unit: string;
  readonly location: string;
  readonly name: string;
  readonly description?: string;
  /** Seconds since 1970. */
  readonly lastchange: number;
}

/** https://schema.spaceapi.io/15.json, as far as a node can fill it. */
export interface SpaceDocument {
  readonly api_compatibility: readonly string[];
  readonly space: string;
  readonly logo: string;
  readonly url: string;
  readonly contact: Readonly<Record<string, string>>;
  readonly location?: Readonly<Record<string, string | number>>;
  /** Nothing in it: not known now. */
  readonly state: { readonly open?: boolean };
  readonly sensors: {
    readonly temperature: readonly SpaceSensorDocument[];
    readonly humidity: readonly SpaceSensorDocument[];
    readonly barometer: readonly SpaceSensorDocument[];
    readonly carbondioxide: readonly SpaceSensorDocument[];
    readonly people_now_present: readonly {
      readonly value: number;
      readonly names?: readonly string[];
    }[];
  };
}
