import type { ReactNode } from "react";
import { Section } from "./Section";

type AudienceProps = { heading: string; art: ReactNode; long?: boolean; children: ReactNode };

/** Whom it is for, beside a drawing. */
export function Audience({ heading, art, long = false, children }: AudienceProps) {
  return (
    <Section kind="audience">
      <div className="picture-row">
        <div className="picture">{art}</div>
        <div>
          <h2>{heading}</h2>
          <p className={long ? "huge long" : "huge"}>{children}</p>
        </div>
      </div>
    </Section>
  );
}
