import type { ReactNode } from "react";
import { Section } from "./Section";

/** Paragraphs beside a drawing. */
export function Article({ heading, art, children }: { heading: string; art: ReactNode; children: ReactNode }) {
  return (
    <Section kind="article">
      <article className="picture-row">
        <div className="picture">{art}</div>
        <div className="paragraphs">
          <h2>{heading}</h2>
          {children}
        </div>
      </article>
    </Section>
  );
}
