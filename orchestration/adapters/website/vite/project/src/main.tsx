import { createRoot, hydrateRoot } from "react-dom/client";
import { pageNamed } from "./pages";

const root = document.getElementById("root");
if (root !== null) {
  const Page = pageNamed(root.dataset.page);
  if (root.hasChildNodes()) hydrateRoot(root, <Page />);
  else createRoot(root).render(<Page />);
}
