import type { ReactNode } from "react";
import { Section } from "./Section";

/** The colours of theme.css, shown. */
export function Swatches({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Section kind="swatches">
      <div className="two">
        <h2>{heading}</h2>
        <div>
          <p className="large">{children}</p>
          <div className="swatches" aria-hidden="true">
            {["primary", "accent", "band", "soft", "accent-soft"].map((colour) => (
              <span key={colour} style={{ background: `var(--${colour})` }} />
            ))}
          </div>
        </div>
      </div>
    </Section>
  );
}
