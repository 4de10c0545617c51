import type { ReactNode } from "react";
import { Section } from "./Section";

export function Ways({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="ways">
      <h2>{heading}</h2>
      <ul className="ways">{children}</ul>
    </Section>
  );
}

/** A link; what waits behind it may stand inside. */
export function Way({ href, title, children }: { href: string; title: string; children?: ReactNode }) {
  return (
    <li>
      <a href={href}>
        <span className="way-title">{title}</span>
        {children && <span className="way-text">{children}</span>}
        <span className="arrow" aria-hidden="true">
          →
        </span>
      </a>
    </li>
  );
}
