/// An optional field of a [`Member`](super::Member). The crate reads and keeps only the fields that
/// the application asks for.
///
/// Tencent grants each field to an application on request (需申请), most of them only to an
/// application that a school has built for itself (仅限自建应用). A field that was not granted is
/// absent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum MemberField {
    /// The year (年级), such as `2016`.
    Grade,
    /// The college (学院).
    College,
    /// The subject of study (专业).
    Profession,
    /// The class (班级).
    Class,
    /// The title of the identity (身份职称): manager, undergraduate, …
    IdentityTitle,
    /// The gender (性别): `0` unknown, `1` male, `2` female.
    Gender,
    /// The URL of a picture (头像). Do not fetch it on the server: it is any URL.
    HeadImage,
    /// The numbers of the organizational units (组织架构); a list.
    Organization,
    /// The numbers of the roles (角色); a list.
    Role,
    /// The campus (校区).
    Campus,
    /// The dormitory (宿舍号).
    DormNumber,
    /// The number of the card's chip (物理芯片号).
    PhysicalChipNumber,
    /// The number on the physical card (物理卡号).
    PhysicalCardNumber,
    /// The ethnic group (民族).
    Nation,
    /// The birthday (生日), such as `20020319`.
    Birthday,
    /// The place of origin (生源地).
    OriginPlace,
    /// The school before this one (毕业学校).
    GraduatedSchool,
    /// The address (家庭住址).
    Address,
    /// A contact person (联系人).
    ContactPerson,
    /// The telephone number of the contact person (联系人手机号).
    ContactPhone,
    /// The e-mail address (邮箱).
    Email,
    /// The number of the identity document (身份证).
    IdCard,
    /// The telephone number (手机号).
    Telephone,
    /// The first day of the card (`YYYY-MM-DD HH:MM:SS`, without a time zone).
    StartAt,
    /// The last day of the card (`YYYY-MM-DD HH:MM:SS`, without a time zone).
    ExpireAt,
    /// When the school last changed the data (`YYYY-MM-DD HH:MM:SS`, without a time zone).
    UpdatedAt,
}

impl MemberField {
    /// All fields.
    pub const ALL: [Self; 26] = [
        Self::Grade,
        Self::College,
        Self::Profession,
        Self::Class,
        Self::IdentityTitle,
        Self::Gender,
        Self::HeadImage,
        Self::Organization,
        Self::Role,
        Self::Campus,
        Self::DormNumber,
        Self::PhysicalChipNumber,
        Self::PhysicalCardNumber,
        Self::Nation,
        Self::Birthday,
        Self::OriginPlace,
        Self::GraduatedSchool,
        Self::Address,
        Self::ContactPerson,
        Self::ContactPhone,
        Self::Email,
        Self::IdCard,
        Self::Telephone,
        Self::StartAt,
        Self::ExpireAt,
        Self::UpdatedAt,
    ];

    /// Returns the name in Weika's response.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grade => "grade",
            Self::College => "college",
            Self::Profession => "profession",
            Self::Class => "class",
            Self::IdentityTitle => "identity_title",
            Self::Gender => "gender",
            Self::HeadImage => "head_image",
            Self::Organization => "organization",
            Self::Role => "role",
            Self::Campus => "campus",
            Self::DormNumber => "dorm_number",
            Self::PhysicalChipNumber => "physical_chip_number",
            Self::PhysicalCardNumber => "physical_card_number",
            Self::Nation => "nation",
            Self::Birthday => "birthday",
            Self::OriginPlace => "origin_place",
            Self::GraduatedSchool => "graduated_school",
            Self::Address => "address",
            Self::ContactPerson => "contact_person",
            Self::ContactPhone => "contact_phone",
            Self::Email => "email",
            Self::IdCard => "id_card",
            Self::Telephone => "telephone",
            Self::StartAt => "start_at",
            Self::ExpireAt => "expire_at",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Returns the field with this [name](Self::as_str).
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_is_found_by_its_name() {
        let fields: BTreeSet<_> = MemberField::ALL.into_iter().collect();
        assert_eq!(fields.len(), MemberField::ALL.len());
        for field in fields {
            assert_eq!(MemberField::named(field.as_str()), Some(field));
        }
        assert_eq!(MemberField::named("name"), None);
    }
}
