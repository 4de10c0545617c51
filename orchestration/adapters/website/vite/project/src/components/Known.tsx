import { business, type Way } from "../business";

/** What business.ts knows of one kind, a line each. */
export function Known({ kind }: { kind: Way["kind"] }) {
  return business.contact
    .filter((way) => way.kind === kind)
    .map((way) => (
      <span key={way.text} className="line">
        {way.text}
      </span>
    ));
}
