import type { ReactNode } from "react";
import { business } from "../business";
import { Section } from "./Section";

/** The ways to get in touch that stand in business.ts; what is inside when there are none. */
export function Contact({ heading, children }: { heading: string; children?: ReactNode }) {
  return (
    <Section kind="contact">
      <div className="two">
        <h2>{heading}</h2>
        <div>
          {business.contact.map((way) => (
            <p key={way.href} className="large">
              {way.label}: <a href={way.href}>{way.text}</a>
            </p>
          ))}
          {business.contact.length === 0 && <p className="large">{children}</p>}
        </div>
      </div>
    </Section>
  );
}
