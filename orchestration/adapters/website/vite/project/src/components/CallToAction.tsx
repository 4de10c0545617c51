import type { ReactNode } from "react";
import { Section } from "./Section";

type CallToActionProps = { heading: string; href: string; link: string; children: ReactNode };

/** One button, and why to press it. */
export function CallToAction({ heading, href, link, children }: CallToActionProps) {
  return (
    <Section kind="action">
      <div className="action-row">
        <div>
          <h2>{heading}</h2>
          <p>{children}</p>
        </div>
        <a className="button" href={href}>
          {link}
        </a>
      </div>
    </Section>
  );
}
