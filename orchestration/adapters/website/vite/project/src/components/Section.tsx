import type { ReactNode } from "react";

/** One part of a page. `kind` says how it looks: see parts.css. */
export function Section({ kind, children }: { kind: string; children: ReactNode }) {
  return (
    <section className={`block block-${kind}`}>
      <div className="wrap">{children}</div>
    </section>
  );
}
