import type { ReactNode } from "react";
import { Section } from "./Section";

type AudienceProps = { label: string; art: ReactNode; long?: boolean; more?: string; children: ReactNode };

/** Whom it is for, beside a drawing. */
export function Audience({ label, art, long = false, more, children }: AudienceProps) {
  return (
    <Section kind="audience">
      <div className="picture-row">
        <div className="picture">{art}</div>
        <div>
          <p className="label">{label}</p>
          <h2 className={long ? "huge long" : "huge"}>{children}</h2>
          {more && <p className="large">{more}</p>}
        </div>
      </div>
    </Section>
  );
}
