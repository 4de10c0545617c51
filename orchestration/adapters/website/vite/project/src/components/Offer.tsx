import type { ReactNode } from "react";
import { Section } from "./Section";

type OfferProps = { heading: string; things?: string[]; children: ReactNode };

/** A heading, a text beside it, and single things below. */
export function Offer({ heading, things = [], children }: OfferProps) {
  return (
    <Section kind="offer">
      <div className="two">
        <h2>{heading}</h2>
        <div>
          <p className="large">{children}</p>
          {things.length > 0 && (
            <ul className="chips">
              {things.map((thing) => (
                <li key={thing}>{thing}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </Section>
  );
}
