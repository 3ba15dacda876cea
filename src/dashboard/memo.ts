import { Component, type ComponentType, h } from "preact";

/** Draws a component anew only when one of its properties is another than before. */
export function memo<P extends object>(inner: ComponentType<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const now: Partial<P> = this.props;
      const keys = Object.keys(next) as (keyof P)[];
      return keys.some((key) => now[key] !== next[key]);
    }

    override render() {
      const { children: _, ...props } = this.props;
      return h(inner as ComponentType<object>, props);
    }
  };
}
