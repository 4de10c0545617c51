import type { ReactNode } from "react";
import { Section } from "./Section";

export function Gallery({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="gallery">
      <h2>{heading}</h2>
      <ul className="cards">{children}</ul>
    </Section>
  );
}

/** One picture with its caption. Put a photograph in place of the drawing: art={<img src={…} alt="…" />}. */
export function Picture({ art, children }: { art: ReactNode; children: ReactNode }) {
  return (
    <li>
      <figure>
        {art}
        <figcaption>{children}</figcaption>
      </figure>
    </li>
  );
}
