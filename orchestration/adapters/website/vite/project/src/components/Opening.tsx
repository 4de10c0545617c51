import type { ReactNode } from "react";
import { Band } from "../art/Band";
import { business, HOME } from "../business";

/** The head of every page but the first. */
export function Opening({ heading, children }: { heading: string; children?: ReactNode }) {
  return (
    <section className="opening">
      <div className="wrap">
        <p className="eyebrow">
          <a href={HOME}>{business.name}</a>
        </p>
        <h1>{heading}</h1>
        {children && <p className="lead">{children}</p>}
      </div>
      <Band />
    </section>
  );
}
