/** Invented businesses for a session that skips the interview: six answers in the order of the brief. */

/** @type {ReadonlyArray<{title: string, answers: readonly string[]}>} */
export const EXAMPLES = [
  {
    title: "A sourdough bakery",
    answers: [
      "Lantern and Loaf",
      "Sourdough bread, cinnamon buns and slow breakfasts, fresh from a wood oven",
      "Families of the neighbourhood and early commuters on their way to the station",
      "We mill our own heritage grain, and every loaf rests for two days before it is baked",
      "Home, our breads, the bakers, opening hours and contact",
      "Warm cream and dark brown, calm and handmade, with a touch of copper",
    ],
  },
  {
    title: "A bicycle workshop",
    answers: [
      "Tidewater Cycles",
      "Repairs while you wait, rebuilt city bikes, and evening courses on fixing your own",
      "Commuters and students who ride every day and cannot spare their bicycle for a week",
      "Most repairs are done within the hour, and every rebuilt bike carries a two year guarantee",
      "Home, repairs and prices, rebuilt bikes, courses, contact",
      "Sea green and white, fresh, quick and honest",
    ],
  },
  {
    title: "A plant consultancy",
    answers: [
      "Moss and Meridian",
      "Indoor gardens for offices: planning, planting and monthly care",
      "Small companies who want a healthier office without thinking about watering",
      "A botanist visits every month, and any plant that fails is replaced without a question",
      "Home, services, gardens we have made, prices, contact",
      "Deep forest green with soft beige, quiet and modern",
    ],
  },
  {
    title: "A mathematics tutor",
    answers: [
      "Kestrel Tutors",
      "Mathematics lessons for pupils between ten and eighteen, online and at the kitchen table",
      "Parents whose children have lost confidence in mathematics before an examination",
      "Every lesson ends with a two minute film in which the pupil explains what was learned",
      "Home, how lessons work, tutors, prices, questions",
      "Sky blue and warm yellow, friendly, clear and encouraging",
    ],
  },
];
