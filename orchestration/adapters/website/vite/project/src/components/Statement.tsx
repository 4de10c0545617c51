import type { ReactNode } from "react";
import { Icon } from "../art/Icon";
import { Section } from "./Section";

type StatementProps = { heading: string; long?: boolean; children: ReactNode };

/** One sentence that matters, on a band of colour. */
export function Statement({ heading, long = false, children }: StatementProps) {
  return (
    <Section kind="statement">
      <Icon />
      <h2>{heading}</h2>
      <p className={long ? "huge long" : "huge"}>{children}</p>
    </Section>
  );
}
