import type { ReactNode } from "react";
import { Section } from "./Section";

export function Faq({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="faq">
      <h2>{heading}</h2>
      <dl className="faq">{children}</dl>
    </Section>
  );
}

/** A question; its answer is what stands inside. */
export function Question({ asks, children }: { asks: string; children: ReactNode }) {
  return (
    <div>
      <dt>{asks}</dt>
      <dd>{children}</dd>
    </div>
  );
}
