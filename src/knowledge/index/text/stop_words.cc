#include "knowledge/index/text/stop_words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace atelier {

namespace {

struct Language {
  std::string_view name;
  std::string_view words;
};

constexpr Language kLanguages[] = {
    {"en",
     "a about above after again all also am an and any are aren as at be because been before being below between both "
     "but "
     "by can cannot could couldn d did didn do does doesn doing don down during each few for from further had hadn has "
     "hasn have haven having he her here hers herself him himself his how i if in into is isn it its itself just ll m "
     "me "
     "more most must my myself no nor not of off on once only or other our ours ourselves out over own re s same she "
     "should "
     "shouldn so some such t than that the their theirs them themselves then there these they this those through to "
     "too "
     "under until up upon ve very was wasn we were weren what when where which while who whom whose why will with won "
     "would wouldn you your yours yourself"},
    {"de",
     "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da damit dann "
     "das "
     "dass dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein "
     "eine "
     "einem einen einer eines er es etwas euch euer für gegen hab habe haben hat hatte hatten hier hin hinter ich ihm "
     "ihn "
     "ihnen ihr ihre ihrem ihren ihrer im in ins ist jede jedem jeden jeder jedes jene kann kein keine keinem keinen "
     "keiner "
     "können man mein meine mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr sein seine seinem "
     "seinen "
     "seiner sich sie sind so solche soll sondern um und uns unser unter viel vom von vor war waren warum was weil "
     "welche "
     "welcher wenn wer werden wie wieder will wir wird wo wurde wurden zu zum zur zwischen über"},
    {"fr",
     "a ai alors au aucun aussi autre aux avait avec avoir c ce cela ces cet cette ceux chez comme d dans de depuis "
     "des donc "
     "dont du elle elles en encore entre est et eu eux fait il ils j je l la le les leur leurs lui m ma mais me mes "
     "moi mon "
     "même n ne ni nos notre nous on ont ou où par pas peut plus pour qu quand que quel quelle qui s sa sans se sera "
     "ses si "
     "son sont sous sur t ta te tes toi ton tous tout toute très tu un une vos votre vous y à été être"},
    {"es",
     "a al algo alguno ante antes aquel así aunque cada como con contra cual cuando de del desde donde dos durante e "
     "el ella "
     "ellas ellos en entre era eran es esa ese eso esta estaba estas este esto estos está están fue fueron ha haber "
     "hace "
     "hasta hay he la las le les lo los me mi mis muy más ni no nos nosotros o os otra otro otros para pero por porque "
     "que "
     "quien qué se ser si sin sobre son su sus sí también tan te tiene tienen todo todos tu tus un una uno unos y ya "
     "yo él"},
    {"it",
     "a agli ai al alla alle allo anche avere c che chi ci come con così cui d da dagli dai dal dalla dalle dei del "
     "della "
     "delle dello di dove e ed era erano essere fra gli ha hai hanno ho i il in io l la le lei li lo loro lui m ma mi "
     "mia "
     "mio ne negli nei nel nella nelle nello noi non nostro o ogni per perché più quale quando quella quelle quelli "
     "quello "
     "questa queste questi questo s se sei si sia sono sta su sua sue sugli sui sul sulla sulle suo suoi ti tra tu tua "
     "tuo "
     "tutti tutto un una uno v vi voi è"},
    {"pt",
     "a ao aos aquela aquele as até com como da das de dela dele deles depois do dos e ela elas ele eles em entre era "
     "eram "
     "essa esse esta estas este estes está estão eu foi foram há isso isto já lhe mais mas me mesmo meu minha muito na "
     "nas "
     "nem no nos nossa nosso não nós num numa o os ou para pela pelas pelo pelos por porque quando que quem se sem ser "
     "seu "
     "seus só sua suas são também te tem tinha tu tua um uma umas uns você à às é"},
    {"nl",
     "aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een en er ge geen had "
     "heb "
     "hebben heeft hem het hier hij hoe hun iets ik in is ja je kan kon kunnen maar me meer men met mij mijn moet na "
     "naar "
     "niet niets nog nu of om omdat onder ons ook op over reeds te tegen toch toen tot u uit uw van veel voor want "
     "waren was "
     "wat we werd wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou"},
};

using Words = std::unordered_set<std::string_view>;

Words Split(std::string_view text) {
  Words words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.insert(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

const Words* WordsOf(std::string_view language) {
  static const auto lists = [] {
    std::array<Words, std::size(kLanguages)> all;
    for (size_t i = 0; i < all.size(); ++i) all[i] = Split(kLanguages[i].words);
    return all;
  }();
  for (size_t i = 0; i < lists.size(); ++i) {
    if (kLanguages[i].name == language) return &lists[i];
  }
  return nullptr;
}

}  // namespace

bool IsStopWord(std::string_view language, std::string_view folded) {
  const Words* words = WordsOf(language);
  return words != nullptr && words->contains(folded);
}

}  // namespace atelier
