import type { ReactNode } from "react";
import { Section } from "./Section";

export function Cards({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="cards">
      <h2>{heading}</h2>
      <ul className="cards">{children}</ul>
    </Section>
  );
}

/** One thing with its picture. Put a photograph in place of the drawing: art={<img src={…} alt="…" />}. */
export function Card({ art, children }: { art: ReactNode; children: ReactNode }) {
  return (
    <li>
      <figure>
        {art}
        <figcaption>{children}</figcaption>
      </figure>
    </li>
  );
}
