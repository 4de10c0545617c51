import type { ReactNode } from "react";
import { Section } from "./Section";

/** A heading and a text beside it. */
export function Note({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="note">
      <div className="two">
        <h2>{heading}</h2>
        <p className="large">{children}</p>
      </div>
    </Section>
  );
}
