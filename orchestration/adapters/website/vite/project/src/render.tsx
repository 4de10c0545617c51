import { renderToString } from "react-dom/server";
import { pageNamed } from "./pages";

/** The HTML of a page, for prerender.ts. */
export function pageHtml(name: string): string {
  const Page = pageNamed(name);
  return renderToString(<Page />);
}
