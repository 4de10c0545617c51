import type { ReactNode } from "react";
import { Icon } from "../art/Icon";
import { Section } from "./Section";

type StatementProps = { label: string; long?: boolean; more?: string; children: ReactNode };

/** One sentence that matters, on a band of colour; `more` follows it. */
export function Statement({ label, long = false, more, children }: StatementProps) {
  return (
    <Section kind="statement">
      <Icon />
      <p className="label">{label}</p>
      <h2 className={long ? "huge long" : "huge"}>{children}</h2>
      {more && <p className="large">{more}</p>}
    </Section>
  );
}
